import { errorAnswer, failedAnswer } from '../calls/answers.ts'
import type { Refusal } from '../calls/refusals.ts'
import type { Principal } from '../surface/principal.ts'
import type { McpTool, Surface, SurfaceChange } from '../surface/surface.ts'
import { shownTool } from './shown-tool.ts'
import type { ListedTool, ToolLists } from './tool-lists.ts'
import { awayError } from './upstream-errors.ts'

type Parts = {
  lists: Pick<ToolLists, 'exposed' | 'stopped'>
  isAway(server: string): boolean
  /** Whether this principal may not know of the tool. */
  isHidden(tool: ListedTool, principal: Principal): Promise<boolean>
  callTool(tool: ListedTool): McpTool['call']
  /** Puts on record that a call was refused. */
  record(refusal: Refusal): Promise<void>
  listeners: Set<(change: SurfaceChange) => void>
}

/** What clients see of the servers behind a gateway: tools that are there, as they were pinned, and may be known of. */
export function shownSurface(parts: Parts): Surface & Required<Pick<Surface, 'onChange'>> {
  const { lists, isAway, isHidden, callTool, record, listeners } = parts

  async function isShown(tool: ListedTool, principal: Principal): Promise<boolean> {
    const isThere = tool.state === 'pinned' && !isAway(tool.server)
    return isThere && !(await isHidden(tool, principal))
  }

  return {
    async tools(principal) {
      const tools = [...lists.exposed()]
      const shown = await Promise.all(tools.map(([, tool]) => isShown(tool, principal)))
      return tools.flatMap(([name, tool], index) =>
        shown[index] === true ? [shownTool(name, tool, callTool(tool))] : [],
      )
    },
    async tool(name, principal) {
      const tool = lists.exposed().get(name)
      if (tool === undefined || !(await isShown(tool, principal))) return undefined
      return shownTool(name, tool, callTool(tool))
    },
    async absent(name, principal) {
      const tool = lists.exposed().get(name)
      if (tool === undefined) return undefined
      // Whoever may not know of it is told the same as of a tool that never was.
      if (await isHidden(tool, principal)) return undefined
      const error = isAway(tool.server)
        ? awayError(tool.server)
        : lists.stopped(tool.server, tool.tool)
      if (error === undefined) return undefined
      const answer = await record({ tool, principal, code: error.code }).then(
        () => errorAnswer(error),
        failedAnswer,
      )
      return answer.kind === 'result' ? answer.result : undefined
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
