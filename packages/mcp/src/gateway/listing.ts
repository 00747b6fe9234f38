import type { DecisionRequest, Lelu, Policy, RegoInput } from '@lelu/engine'
import { regoInput } from '@lelu/engine'
import { runOf } from '../calls/call-name.ts'
import { type GovernedTool, mcpContext } from '../calls/governed-tool.ts'
import type { Principal } from '../surface/principal.ts'

/** By this id of a `deny` a policy hides a tool that it might let run all the same. */
const hiddenReason = 'tool_hidden'

const maxKept = 4096
/** How long an answer that may depend on the time is kept, ms: every call looks its tool up among the tools that are shown. */
const keptMs = 5000

/**
 * Which tools a principal is not even shown: those that the policy denies him whatever he calls them with. One answer does
 * not tell: a rule such as `not startswith(input.args.path, "/srv")` denies the empty input and allows others. So the
 * policy is evaluated in part, with all that differs from call to call unknown; what cannot be told that way is shown.
 * And a policy may say it itself, with a `deny` of the id `tool_hidden`: it is asked with `input.args` null, a confidence
 * of 1 and `input.context.mcp.listing` true. A call is decided as ever, shown or not. What is hidden is recorded as a
 * decision, once for each principal, definition and policy.
 */
export function toolListing(
  lelu: Pick<Lelu, 'policy' | 'decide'>,
  now: () => number,
): {
  /** Whether the policy hides this tool from this principal. */
  hides(tool: GovernedTool, principal: Principal): Promise<boolean>
} {
  const kept = new Map<string, { answer: Promise<boolean>; at: number }>()
  const recorded = new Set<string>()
  const surely = surelyDenied(lelu)

  async function record(key: string, request: DecisionRequest): Promise<void> {
    if (recorded.has(key)) return
    if (recorded.size >= maxKept) recorded.clear()
    recorded.add(key)
    // A list is not held up, or kept back, by a log that is away: nothing runs by it.
    await lelu.decide(request).catch(() => recorded.delete(key))
  }

  async function find(key: string, request: DecisionRequest, time: number): Promise<boolean> {
    const asked = ask(lelu.policy, request, time)
    // What is denied whatever the input is denied here, too: only then the compiler is asked.
    const hidden = asked !== undefined && (asked.hidden || (await surely(key, asked.input)))
    if (hidden) await record(key, request)
    return hidden
  }

  return {
    hides(tool, principal) {
      const { tenant, key: who, subject } = principal
      const { revision } = lelu.policy
      const { endpoint, pinned, server } = tool
      const key = JSON.stringify([tenant, who, subject, server, endpoint, pinned.sha256, revision])
      const known = kept.get(key)
      const time = now()
      if (known !== undefined && time - known.at < keptMs && time >= known.at) return known.answer
      const answer = find(key, listingRequest(tool, principal), time)
      if (kept.size >= maxKept) kept.clear()
      kept.set(key, { answer, at: time })
      return answer
    },
  }
}

/** Asks of all tools of a list at once, and of each only once: what stands in the key settles the answer. */
function surelyDenied({
  policy,
}: Pick<Lelu, 'policy'>): (key: string, input: RegoInput) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>()
  let next: { inputs: RegoInput[]; answers: Promise<boolean[]> } | undefined

  async function askAll(inputs: readonly RegoInput[]): Promise<boolean[]> {
    next = undefined
    return (await policy.surelyDenies?.(inputs)) ?? []
  }

  return (key, input) => {
    const found = known.get(key)
    if (found !== undefined) return found
    if (next === undefined) {
      const inputs: RegoInput[] = []
      next = { inputs, answers: Promise.resolve().then(() => askAll(inputs)) }
    }
    const at = next.inputs.push(input) - 1
    // A policy of the host's own may reject, or answer less than it was asked.
    const answer = next.answers.then((all) => all[at] === true).catch(() => false)
    if (known.size >= maxKept) known.clear()
    known.set(key, answer)
    return answer
  }
}

/** What the policy says to the empty input, where that is a deny: else nothing is hidden. */
function ask(
  policy: Policy,
  request: DecisionRequest,
  time: number,
): { input: RegoInput; hidden: boolean } | undefined {
  try {
    const input = regoInput(request, time)
    const { effect, reasons } = policy.evaluate(input)
    if (effect !== 'deny') return undefined
    return { input, hidden: reasons.some(({ id }) => id === hiddenReason) }
  } catch {
    return undefined // a policy of the host's own may throw
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
