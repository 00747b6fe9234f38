import type { DecisionRequest, Lelu, Policy } from '@lelu/engine'
import { regoInput } from '@lelu/engine'
import { runOf } from '../calls/call-name.ts'
import { type GovernedTool, mcpContext } from '../calls/governed-tool.ts'
import type { Principal } from '../surface/principal.ts'

/** By this id of a `deny` a policy says that it denies a tool whatever the input, so that it need not be shown. */
const hiddenReason = 'tool_hidden'

const maxKept = 4096
/** How long an answer is kept, ms: every call looks its tool up among the tools that are shown. */
const keptMs = 5000

/**
 * Which tools a principal is not even shown. Whether a policy denies a tool for every input cannot be found out by asking
 * it about one: a rule such as `not startswith(input.args.path, "/work")` denies the empty input and allows others. So
 * a policy says it itself, with a `deny` of the id `tool_hidden`. It is asked with `input.args` null, a confidence of 1
 * and `input.context.mcp.listing` true; any other answer, an error too, shows the tool. A call is decided as ever, shown
 * or not. What is hidden is recorded as a decision, once for each principal, definition and policy.
 */
export function toolListing(
  lelu: Pick<Lelu, 'policy' | 'decide'>,
  now: () => number,
): {
  /** Whether the policy hides this tool from this principal. */
  hides(tool: GovernedTool, principal: Principal): Promise<boolean>
} {
  const kept = new Map<string, { hidden: boolean; at: number }>()
  const recorded = new Set<string>()

  async function record(key: string, request: DecisionRequest): Promise<void> {
    if (recorded.has(key)) return
    if (recorded.size >= maxKept) recorded.clear()
    recorded.add(key)
    // A list is not held up, or kept back, by a log that is away: nothing runs by it.
    await lelu.decide(request).catch(() => recorded.delete(key))
  }

  return {
    async hides(tool, principal) {
      const { tenant, key: who, subject } = principal
      const { revision } = lelu.policy
      const key = JSON.stringify([tenant, who, subject, tool.server, tool.pinned.sha256, revision])
      const known = kept.get(key)
      const time = now()
      if (known !== undefined && time - known.at < keptMs && time >= known.at) return known.hidden
      const request = listingRequest(tool, principal)
      const hidden = isHidden(lelu.policy, request, time)
      if (kept.size >= maxKept) kept.clear()
      kept.set(key, { hidden, at: time })
      if (hidden) await record(key, request)
      return hidden
    },
  }
}

function isHidden(policy: Policy, request: DecisionRequest, time: number): boolean {
  try {
    const { effect, reasons } = policy.evaluate(regoInput(request, time))
    return effect === 'deny' && reasons.some(({ id }) => id === hiddenReason)
  } catch {
    return false // a policy of the host's own may throw
  }
}

function listingRequest(tool: GovernedTool, principal: Principal): DecisionRequest {
  const { server, effect, pinned } = tool
  const id = `listing:${pinned.sha256}`
  const { mcp } = mcpContext(tool, 'enforce')
  return {
    subject: principal.subject,
    tenant: principal.tenant,
    run: runOf(principal),
    call: { id, tool: pinned.definition.name, server, effect, input: null },
    confidence: { method: 'external', trust: 'adapter', value: 1, score: null },
    context: { mcp: { ...(mcp as object), listing: true } },
  }
}
