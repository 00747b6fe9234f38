import type { Json } from '@lelu/engine'
import { notRun } from '@lelu/engine/adapter'
import { LeluMcpError } from '../errors.ts'
import type { ListedTool } from '../gateway/tool-lists.ts'
import type { Upstream } from '../gateway/upstream.ts'
import { callUpstream } from '../gateway/upstream-call.ts'
import { inputIssues } from '../surface/check-input.ts'
import type { Executors } from './executors.ts'
import { type SeenTool, seenTool } from './seen-tool.ts'

/** A tool that is there and as it was pinned, and the connection to its server. */
export type CallableTool = { upstream: Upstream; listed: ListedTool }

type Options = {
  has(server: string): boolean
  reach(server: string): Promise<void>
  /** Throws a coded error unless the tool is there and pinned, and the one that was seen where that is given. */
  callable(server: string, tool: string, seen?: SeenTool): Promise<CallableTool>
  timeoutMs: number
}

/** Runs stored calls for whoever resumes them: a tool of ours, a task. */
export function upstreamExecutors({ has, reach, callable, timeoutMs }: Options): Executors {
  return {
    reach,
    of(server) {
      if (server === undefined || !has(server)) return undefined
      return async ({ tool, input }, { idempotencyKey, approval }) => {
        // What was approved is the tool as it was described then.
        const approved = approval === null ? undefined : seenTool(approval)
        const { upstream, listed } = await callable(server, tool, approved).catch(
          (error: Error) => {
            throw notRun(error)
          },
        )
        const { definition } = listed.pinned
        // A call that did not come through the gateway was never held against the schema.
        const issues = inputIssues(input, definition.inputSchema)
        if (issues.length > 0) {
          const error = new LeluMcpError(
            'LELU_MCP_INPUT_INVALID',
            `The input does not pass the schema of ${tool} of the server ${server}: ${issues.join('; ')}. The call did not run.`,
            { help: 'Ask again with an input that does.', details: { server, tool } },
          )
          throw notRun(error)
        }
        return callUpstream(upstream, {
          definition,
          // Not what the stored call says of itself: whoever asked for it wrote that.
          effect: listed.effect,
          input: structuredClone(input) as { [key: string]: Json },
          idempotencyKey,
          timeoutMs,
        })
      }
    },
  }
}
