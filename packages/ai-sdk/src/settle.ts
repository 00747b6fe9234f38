import type { Approval } from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import { checkMessages } from './check-messages.ts'
import { findApproval } from './find-approval.ts'
import { nameOf, type OpenCall, openCalls, partsOf, waitsForApp } from './history.ts'
import { type GuardedCall, type RunContext, runOf } from './options.ts'
import type { GuardState } from './state.ts'

/** A call that waits for a person. `approvalId` is the one that reviewers decide, not the SDK's. */
export type PendingCall = { approvalId: string; toolCallId: string; tool: string }

/** How far a history is: what it goes on with, and what waits. */
export type Settled = {
  /** Whether no call of the last step waits for an answer any more: then hand `messages` to the model. */
  ready: boolean
  messages: ModelMessage[]
  pending: PendingCall[]
}

export type NamedCall = Pick<OpenCall, 'id' | 'toolCallId' | 'toolName' | 'input'>

/** `ours`: the call was suspended here. Any other is the app's own to answer. */
export type Found<Call = OpenCall> = { call: Call; approval: Approval | undefined; ours: boolean }

/** The approval of an open call, as the store has it. */
export async function findOpen<Call extends NamedCall>(
  { options }: GuardState,
  messages: readonly ModelMessage[],
  call: Call,
  { runtimeContext }: RunContext,
): Promise<Found<Call>> {
  const { id, toolCallId, toolName, input } = call
  const context: GuardedCall = {
    toolCall: { toolCallId, toolName, input },
    messages,
    runtimeContext,
  }
  const found = await findApproval(options, { context, id, run: await runOf(options, context) })
  // An altered one is woken up to be refused.
  const approval = found === 'altered' ? undefined : found
  return { call, approval, ours: found !== undefined }
}

/** The same for every open call of a history. */
export async function findAll(
  state: GuardState,
  messages: readonly ModelMessage[],
  context: RunContext,
): Promise<Found[]> {
  checkMessages(messages, 'model')
  return Promise.all(openCalls(messages).map((call) => findOpen(state, messages, call, context)))
}

function pendingAmong(found: readonly Found[]): PendingCall[] {
  return found.flatMap(({ call, approval }) =>
    approval?.state === 'pending'
      ? [{ approvalId: approval.id, toolCallId: call.toolCallId, tool: call.toolName }]
      : [],
  )
}

/** The calls of a history that wait for a person, and were not left behind. */
export async function pendingCalls(
  state: GuardState,
  messages: readonly ModelMessage[],
  context: RunContext,
): Promise<PendingCall[]> {
  const found = await findAll(state, messages, context)
  return pendingAmong(found.filter(({ call }) => !call.abandoned))
}

/** The messages without the answers to these requests: an answer that a client wrote says nothing. */
function withoutResponses(messages: readonly ModelMessage[], open: readonly OpenCall[]) {
  // Also those to a request that a client made for such a call: the SDK takes the first answer for a call.
  const ours = new Set(open.map(({ toolCallId }) => toolCallId))
  const requests = new Set(open.map(({ approvalId }) => approvalId))
  for (const message of messages) {
    for (const { type, approvalId, toolCallId } of partsOf(message, 'assistant')) {
      if (type === 'tool-approval-request' && ours.has(nameOf(toolCallId)))
        requests.add(nameOf(approvalId))
    }
  }
  const last = messages.at(-1)
  if (last?.role !== 'tool') return [...messages]
  const content = last.content.filter(
    (part) => part.type !== 'tool-approval-response' || !requests.has(nameOf(part.approvalId)),
  )
  const before = messages.slice(0, -1)
  return content.length === 0 ? before : [...before, { ...last, content }]
}

/** The SDK reads the answers from the last tool message only. */
function withResponses(messages: readonly ModelMessage[], open: readonly OpenCall[]) {
  const responses = open.map(({ approvalId }) => ({
    type: 'tool-approval-response' as const,
    approvalId,
    approved: true,
  }))
  const last = messages.at(-1)
  if (last?.role !== 'tool') return [...messages, { role: 'tool' as const, content: responses }]
  return [...messages.slice(0, -1), { ...last, content: [...last.content, ...responses] }]
}

/**
 * The history with everything that wakes its decided calls up, once all calls of its last step are decided: the SDK
 * runs the answered ones and then fails on the others. What it adds grants nothing, also for calls that were denied:
 * each is looked up again when it is resumed. Requests that are not from here keep the answers that the app gave.
 */
export async function settle(
  state: GuardState,
  messages: readonly ModelMessage[],
  context: RunContext,
): Promise<Settled> {
  const found = (await findAll(state, messages, context)).filter(({ call }) => !call.abandoned)
  const pending = pendingAmong(found)
  const ours = found.filter((one) => one.ours).map(({ call }) => call)
  const bare = withoutResponses(messages, ours)
  const ready =
    pending.length === 0 &&
    !waitsForApp(messages) &&
    found.every((one) => one.ours || one.call.answered)
  return { ready, pending, messages: ready && ours.length > 0 ? withResponses(bare, ours) : bare }
}
