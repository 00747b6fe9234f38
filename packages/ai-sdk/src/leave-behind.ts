import {
  type Approval,
  asInput,
  editedInput,
  endedText,
  isLeluError,
  isSameInput,
  type Json,
  leftBehindReason,
} from '@lelu/engine/adapter'
import type { Found, NamedCall } from './settle.ts'
import type { GuardState } from './state.ts'

/** What came of a call that was left behind: it never ran, it ran and this is its kept result, or only that much is known. */
export type Ending =
  | { status: 'denied'; reason: string }
  | { status: 'completed'; value: Json | undefined; edited: Json | undefined }
  | { status: 'error'; text: string }

const gone = 'The conversation went on before this call was answered.'
const never: Ending = { status: 'denied', reason: gone }

/** It will not run any more, and why is on record. */
const refused = (approval: Approval): Ending => ({
  status: 'denied',
  reason: endedText(approval) ?? gone,
})

/** It ran, or may have. */
const stands = (text: string): Ending => ({
  status: 'error',
  text: `${text} Do not retry the same call.`,
})

/** The history is the client's: a result must not be told as that of a call which it was altered to. */
function isSameCall({ toolName, input }: NamedCall, approval: Approval): boolean {
  const { call } = approval.request
  const written = editedInput(approval) === undefined
  return call.tool === toolName && (!written || isSameInput(asInput(input), call.input))
}

/** How a call stands that cannot be cancelled any more. */
export function endOf(approval: Approval, call: NamedCall): Ending {
  const { id, state, result } = approval
  const ran = ['completed', 'executing', 'failed', 'unknown'].includes(state)
  if (ran && !isSameCall(call, approval)) {
    return stands(`The call of approval ${id} has another tool or input.`)
  }
  switch (state) {
    case 'completed':
      return result?.status === 'completed' && result.kept
        ? { status: 'completed', value: result.value, edited: editedInput(approval) }
        : stands(`The call of approval ${id} ran, but its result was not kept.`)
    case 'executing':
      return stands(`The call of approval ${id} is running right now.`)
    case 'failed':
      return result?.status === 'not_run'
        ? never
        : stands(`The call of approval ${id} ran and failed.`)
    case 'unknown':
      return stands(`Whether the call of approval ${id} took effect is not known.`)
    default:
      return refused(approval)
  }
}

/** Cancels what has not run yet, and answers what came of the call. */
export async function leaveBehind(
  { options }: GuardState,
  { call, approval }: Found<NamedCall>,
  reason: string = leftBehindReason,
): Promise<Ending> {
  if (approval === undefined) return never
  const { approvals } = options.lelu
  try {
    const cancelled = await approvals.cancel(approval.id, { reason })
    return refused(cancelled)
  } catch (error) {
    // It has ended, or was claimed by another request a moment ago: the record says which.
    if (!isLeluError(error) || error.code !== 'LELU_APPROVAL_STATE') throw error
    return endOf(await approvals.get(approval.id), call)
  }
}
