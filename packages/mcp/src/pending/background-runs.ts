import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Principal } from '../surface/principal.ts'
import type { PendingOptions } from './options.ts'

export type BackgroundRuns = {
  /** Runs an approved call, unless this process runs it already. Answers what stood in the way of the last try, if anything. */
  start(id: string, principal: Principal): string | undefined
  /** Whether this process is at it: then its result may still come, though the store knows of its end already. */
  isRunning(id: string): boolean
  /** A result that was too large for the store, while this process remembers it. */
  resultOf(id: string): CallToolResult | undefined
}

const mostRemembered = 20

/** Calls that run while no request waits for them. The engine sees to it that one takes effect once; this spares work. */
export function backgroundRuns(resume: PendingOptions['resume']): BackgroundRuns {
  const running = new Set<string>()
  const results = new Map<string, CallToolResult>()

  async function run(id: string, principal: Principal): Promise<CallToolResult> {
    // No client is there to go away, so nothing aborts it: an aborted call would be `unknown`.
    const { signal } = new AbortController()
    try {
      return await resume(id, { principal, signal })
    } catch {
      return { content: [{ type: 'text', text: 'It is tried again.' }], isError: true }
    }
  }

  return {
    start(id, principal) {
      const before = results.get(id)
      if (!running.has(id)) {
        running.add(id)
        results.delete(id)
        run(id, principal).then((result) => {
          running.delete(id)
          results.set(id, result)
          const [oldest] = results.keys()
          if (results.size > mostRemembered && oldest !== undefined) results.delete(oldest)
        })
      }
      const [first] = before?.content ?? []
      return first?.type === 'text' ? first.text : undefined
    },
    isRunning: (id) => running.has(id),
    resultOf: (id) => results.get(id),
  }
}
