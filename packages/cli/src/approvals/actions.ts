import type { Approval, ApprovalFilter, Approvals, Json } from '@lelu/engine'
import type { CommandContext } from '../command-context.ts'
import { CliError } from '../fail.ts'
import { withDesk } from '../open-desk.ts'
import { scopeOf } from '../option-values.ts'
import { painter, report, safeText } from '../print.ts'
import { localReviewer } from '../reviewer.ts'
import { approvalLines } from './approval-lines.ts'
import { listLines } from './list-lines.ts'
import { approvedText, deniedText } from './vote-text.ts'

type ListOptions = { state: string; tenant?: string; limit: number; after?: string }
type ScopeOptions = { tenant?: string }
type VoteOptions = ScopeOptions & { reason?: string; digest?: string; yes?: boolean }

/** `approvals list`. */
export async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const { io } = context
  const { state, tenant, limit, after } = options
  const { approvalStates, isApprovalState } = await import('@lelu/engine')
  if (state !== 'all' && !isApprovalState(state)) {
    throw new CliError('LELU_USAGE_INVALID', `There is no state ${state}.`, {
      help: `The states are: all, ${approvalStates.join(', ')}.`,
    })
  }
  const filter: ApprovalFilter = {
    limit,
    ...(state !== 'all' && { state }),
    ...(tenant !== undefined && { tenant }),
    ...(after !== undefined && { after }),
  }
  const page = await withDesk(context, ({ approvals }) => approvals.list(filter))
  report(context, page, listLines(page, options, Date.now(), painter(io)))
  if (page.altered.length > 0) {
    io.writeError(
      `WARNING: altered outside Lelu, will never run: ${page.altered.map(safeText).join(', ')}\n`,
    )
  }
}

/** `approvals show`. */
export async function show(
  context: CommandContext,
  id: string,
  options: ScopeOptions,
): Promise<void> {
  const approval = await withDesk(context, ({ approvals }) => approvals.get(id, scopeOf(options)))
  report(
    context,
    approval,
    approvalLines(approval, { now: Date.now(), paint: painter(context.io) }),
  )
}

/** `approvals approve`: the vote is bound to the digest of the input that was read or shown here. */
export async function approve(
  context: CommandContext,
  id: string,
  options: VoteOptions,
): Promise<void> {
  await withDesk(context, async ({ approvals }) => {
    const seen = await approvals.get(id, scopeOf(options))
    if (mayAsk(context, options)) await askToApprove(context, seen)
    const approval = await vote(approvals, 'approve', seen, options)
    report(context, approval, approvedText(approval))
  })
}

/** `approvals deny`. */
export async function deny(
  context: CommandContext,
  id: string,
  options: VoteOptions,
): Promise<void> {
  await withDesk(context, async ({ approvals }) => {
    const seen = await approvals.get(id, scopeOf(options))
    const approval = await vote(approvals, 'deny', seen, options)
    report(context, approval, deniedText(approval))
  })
}

/** `approvals cancel`. */
export async function cancel(
  context: CommandContext,
  id: string,
  options: VoteOptions,
): Promise<void> {
  const { reason } = options
  const by = { by: localReviewer(), ...(reason !== undefined && { reason }) }
  const cancelling = { ...by, ...scopeOf(options) }
  const approval = await withDesk(context, ({ approvals }) => approvals.cancel(id, cancelling))
  report(context, approval, `Cancelled ${id}. The call never runs.`)
}

const reconciledTexts = {
  completed: (id: string) => `${id} is completed: it is not run again, and the agent goes on.`,
  failed: (id: string) => `${id} has failed: it is not run again, and the agent may ask anew.`,
  retry: (id: string) => `${id} is approved again: the agent's next resume runs it.`,
}

/** `approvals reconcile`. */
export async function reconcile(
  context: CommandContext,
  id: string,
  options: ScopeOptions & { as: string; reason: string; value?: string },
): Promise<void> {
  const { as, reason, value } = options
  if (!Object.hasOwn(reconciledTexts, as)) {
    throw new CliError('LELU_USAGE_INVALID', `A call is not reconciled as ${safeText(as)}.`, {
      help: `Pass one of: ${Object.keys(reconciledTexts).join(', ')}.`,
    })
  }
  const word = as as keyof typeof reconciledTexts
  const approval = await withDesk(context, ({ approvals }) =>
    approvals.reconcile(id, {
      as: word,
      reason,
      reviewer: localReviewer(),
      ...(value !== undefined && { value: readValue(value) }),
      ...scopeOf(options),
    }),
  )
  report(context, approval, reconciledTexts[word](id))
}

function readValue(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new CliError('LELU_USAGE_INVALID', 'The value is no JSON.', {
      help: 'Quote it for the shell, such as --value \'{"order":1}\'.',
    })
  }
}

/** `approvals wait`: exit code 0 when the call was approved (and may have run since), 1 when it never will be. */
export async function wait(
  context: CommandContext,
  id: string,
  { timeout, tenant }: ScopeOptions & { timeout?: number },
): Promise<void> {
  const { io, setExitCode } = context
  const until = performance.now() + (timeout ?? Number.POSITIVE_INFINITY) * 1000
  const approval = await withDesk(context, async ({ approvals }) => {
    for (;;) {
      const left = Math.max(0, until - performance.now())
      // The engine answers after 55 s at the latest. The approval itself expires, so this comes to an end.
      const options = {
        ...{ signal: io.signal, ...scopeOf({ tenant }) },
        ...(Number.isFinite(left) && { timeoutMs: left }),
      }
      const current = await approvals.wait(id, options).catch((error: unknown) => {
        if (io.signal.aborted) return undefined
        throw error
      })
      if (current === undefined || current.state !== 'pending' || performance.now() >= until)
        return current
    }
  })
  if (approval === undefined) return // interrupted: the process ends with 130
  if (approval.state === 'pending') {
    throw new CliError('LELU_APPROVAL_PENDING', `Nobody has decided ${id} within ${timeout} s.`, {
      help: `It stays in the queue. Wait again, or decide it: lelu approvals show ${id}`,
      details: { approval: id, state: 'pending' },
    })
  }
  report(
    context,
    approval,
    `${id} is ${approval.state}${approval.reason === null ? '' : `: ${safeText(approval.reason.message)}`}`,
  )
  if (!['approved', 'executing', 'completed'].includes(approval.state)) setExitCode(1)
}

/** On what was read before, which was of the tenant that is named. */
function vote(
  approvals: Approvals,
  verdict: 'approve' | 'deny',
  seen: Approval,
  options: VoteOptions,
): Promise<Approval> {
  const { reason, digest = seen.digest } = options
  const reviewer = localReviewer()
  return approvals.review(seen.id, {
    verdict,
    reviewer,
    digest,
    ...(reason !== undefined && { reason }),
  })
}

/** Only a person at a terminal is asked; a script that says approve means it. */
function mayAsk({ io, globals }: CommandContext, { yes = false }: VoteOptions): boolean {
  return io.terminal.stdin && io.terminal.stdout && !yes && !globals().json
}

async function askToApprove({ io }: CommandContext, seen: Approval): Promise<void> {
  if (seen.state !== 'pending') return // the engine says what is wrong with it
  io.write(`${approvalLines(seen, { now: Date.now(), paint: painter(io) }).join('\n')}\n\n`)
  const answer = await io.ask(`Approve this call as ${safeText(localReviewer().id)}? [y/N] `)
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new CliError('LELU_REVIEW_DECLINED', `${seen.id} was not approved; it stays pending.`, {
    help: `To deny it: lelu approvals deny ${seen.id} --reason <text>`,
    details: { approval: seen.id, state: seen.state },
  })
}
