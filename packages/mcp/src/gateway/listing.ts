import type { DecisionRequest, Lelu } from '@lelu/engine'
import { regoInput } from '@lelu/engine'
import { runOf } from '../calls/call-name.ts'
import { type GovernedTool, mcpContext } from '../calls/governed-tool.ts'
import type { Principal } from '../surface/principal.ts'

/** By this id of a `deny` a policy says that it denies a tool whatever the input, so that it need not be shown. */
export const hiddenReason = 'tool_hidden'

const maxKept = 1024

/**
 * Which tools a principal is not even shown. Whether a policy denies a tool for every input cannot be found out by asking
 * it about one: a rule such as `not startswith(input.args.path, "/work")` denies the empty input and allows others. So
 * a policy says it itself, with a `deny` of the id `tool_hidden`. It is asked with `input.args` null, a confidence of 1
 * and `input.context.mcp.listing` true; any other answer, an error too, shows the tool. A call is decided as ever, shown
 * or not. What is hidden is recorded as a decision, once for each principal, definition and policy.
 */
export function toolListing(lelu: Pick<Lelu, 'policy' | 'decide'>, now: () => number) {
  const recorded = new Set<string>()

  function requestOf(tool: GovernedTool, principal: Principal): DecisionRequest {
    const { name } = tool.pinned.definition
    const { mcp } = mcpContext(tool, 'enforce')
    return {
      subject: principal.subject,
      tenant: principal.tenant,
      run: runOf(principal),
      call: {
        id: `listing:${tool.pinned.sha256}`,
        tool: name,
        server: tool.server,
        effect: tool.effect,
        input: null,
      },
      confidence: { method: 'external', trust: 'adapter', value: 1, score: null },
      context: { mcp: { ...(mcp as object), listing: true } },
    }
  }

  async function record(tool: GovernedTool, principal: Principal, request: DecisionRequest) {
    const names = [principal.tenant, principal.key, tool.server, tool.pinned.sha256]
    const key = JSON.stringify([...names, lelu.policy.revision])
    if (recorded.has(key)) return
    recorded.add(key)
    const [oldest] = recorded
    if (recorded.size > maxKept && oldest !== undefined) recorded.delete(oldest)
    // A list is not held up, or kept back, by a log that is away: nothing runs by it.
    await lelu.decide(request).catch(() => recorded.delete(key))
  }

  return {
    /** Whether the policy hides this tool from this principal. */
    async hides(tool: GovernedTool, principal: Principal): Promise<boolean> {
      const request = requestOf(tool, principal)
      const { effect, reasons } = lelu.policy.evaluate(regoInput(request, now()))
      const hidden = effect === 'deny' && reasons.some(({ id }) => id === hiddenReason)
      if (hidden) await record(tool, principal, request)
      return hidden
    },
  }
}
