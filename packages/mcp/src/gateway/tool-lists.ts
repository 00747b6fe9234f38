import type { ToolEffect } from '@lelu/engine'
import type { AddedField } from '@lelu/engine/adapter'
import type { GovernedTool } from '../calls/governed-tool.ts'
import type { LeluMcpError } from '../errors.ts'
import type { PinnedDefinition } from './definition.ts'
import { exposeNames } from './names.ts'
import { type Judged, type PinState, stoppedError } from './pins.ts'
import type { Settings } from './settings.ts'

/** A tool by its raw and its exposed name, and how it stands to its pin. */
export type ListedTool = GovernedTool & { tool: string; state: PinState }

/** What all servers list, by the names clients see. A server that is away stays in it: its names are not given to others. */
export interface ToolLists {
  set(server: string, listed: readonly PinnedDefinition[], judged: Judged): void
  /** In the order of their names. */
  exposed(): ReadonlyMap<string, ListedTool>
  find(server: string, tool: string): ListedTool | undefined
}

export function toolLists(
  settings: Pick<Settings, 'prefix' | 'effects' | 'trusted'>,
  field: AddedField | undefined,
): ToolLists {
  const lists = new Map<string, Map<string, ListedTool>>()
  let exposed: ReadonlyMap<string, ListedTool> = new Map()

  /** What a tool does is what the configuration says; a server is believed only where it is trusted. */
  function effectOf(server: string, { definition }: PinnedDefinition): ToolEffect {
    const set = settings.effects.get(`${server}/${definition.name}`)
    if (set !== undefined) return set
    const { annotations } = definition
    if (annotations === undefined || !settings.trusted.includes(server)) return 'non_idempotent'
    if (annotations.readOnlyHint === true) return 'read'
    return annotations.idempotentHint === true ? 'idempotent' : 'non_idempotent'
  }

  /** A tool with a field of that name is shown without: what the model writes there is the tool's. */
  function fieldFor({ definition }: PinnedDefinition): AddedField | undefined {
    if (field === undefined) return undefined
    const { properties } = definition.inputSchema
    const has =
      typeof properties === 'object' && properties !== null && Object.hasOwn(properties, field.name)
    return has ? undefined : field
  }

  return {
    set(server, listed, { states }) {
      const tools = listed.map((pinned): [string, ListedTool] => {
        const { name } = pinned.definition
        const tool: ListedTool = {
          server,
          tool: name,
          pinned,
          state: states.get(name) ?? 'new',
          effect: effectOf(server, pinned),
          trusted: settings.trusted.includes(server),
          field: fieldFor(pinned),
        }
        return [name, tool]
      })
      lists.set(server, new Map(tools))
      const all = [...lists.values()].flatMap((list) => [...list.values()])
      const named = exposeNames(all, settings.prefix)
      exposed = new Map([...named].sort(([a], [b]) => (a < b ? -1 : 1)))
    },
    exposed: () => exposed,
    find: (server, tool) => lists.get(server)?.get(tool),
  }
}

/** Why this tool, as somebody saw it, is not called now; undefined when it may be. */
export function stoppedNow(
  lists: ToolLists,
  server: string,
  tool: string,
  sha256: string | undefined,
): LeluMcpError | undefined {
  const now = lists.find(server, tool)
  // A tool that is gone from the list is not the one that was accepted either.
  if (now === undefined) return stoppedError('changed', server, tool)
  const seen = sha256 === undefined || now.pinned.sha256 === sha256
  return stoppedError(seen ? now.state : 'changed', server, tool)
}
