import type { Approval } from '../approvals/record.ts'
import { LeluError } from '../errors.ts'
import { notRun } from '../execution/not-run.ts'
import { notRunText, refusal } from '../refusal.ts'
import type { Json } from '../types.ts'

type Refused = Parameters<typeof refusal>[0]

// What the model reads: the same words in every adapter, with no rule internals and no reviewer's name in them.

/**
 * Why a call did not run. A rule that gives no reason of its own has its id for one: reviewers and the log see it, and
 * a model, which may be somebody else's voice, does not learn how the policy is built.
 */
export function refusedText(outcome: Refused): string {
  const { decision } = outcome
  const said = decision.reasons.filter(({ id, message }) => message !== id)
  const reasons = said.length > 0 ? said : [{ id: 'deny', message: 'The policy denies this call' }]
  return refusal({ ...outcome, decision: { ...decision, reasons } })
}

/** The same of an approval that has ended without a run; undefined for any other, also for one that may have run. */
export function endedText({ state, reason }: Approval): string | undefined {
  if (!['denied', 'expired', 'cancelled', 'revoked'].includes(state)) return undefined
  return notRunText(reason?.message ?? `The approval is ${state}`)
}

/** Of an approved call that was called back with all others of its agent, person or tenant. */
export const revokedText: string = notRunText('The approval was revoked')

/** Put in front of the result of an edited call, for the model still sees the arguments it wrote itself. */
export function editedText(input: Json): string {
  return `A reviewer changed the input of this call. It ran with: ${JSON.stringify(input)}`
}

/** Somebody says that the call was approved, but the store has no approval of it. */
export const unknownApprovalText =
  'There is no approval of this call on record. The call did not run. Do not retry the same call.'

/** The arguments do not pass the tool's schema. */
export function invalidInputText(tool: string): string {
  return `The arguments for ${tool} do not pass the schema of the tool. The call did not run.`
}

/** The answer of the model ended before the call was whole: by a limit of tokens, a filter or a lost connection. */
export function cutOffText(tool: string): string {
  return `The arguments for ${tool} were cut off before their end. The call did not run. Write them again, shorter.`
}

/** Thrown in the place of the tool: JSON Schema says less than the tool's own schema does (refinements, transforms). */
export function editMisfit(): LeluError {
  return notRun(
    new LeluError(
      'LELU_EDIT_REFUSED',
      'The input that the reviewer wrote does not pass the schema of the tool as it stands. The tool was not run.',
      { help: 'Let the agent ask again; write every field, in the form the tool gets it.' },
    ),
  )
}

/** Where a framework takes up only what it suspended itself, such a call is not left for a reviewer to approve. */
export function notResumableText(tool: string): string {
  return `The call of ${tool} needs a person, and could not be resumed here. The tool was not run.`
}

/** Why a call is cancelled that a newer message of the user left behind. */
export const leftBehindReason = 'the conversation went on without it'

/** What the model reads of one, also where the store never knew of it. */
export const leftBehindText: string = notRunText(`The call was cancelled: ${leftBehindReason}`)

/** Of a call that was left behind and has no approval on record: one that the policy allows outright has none. */
export const lostAnswerText =
  'No answer of this call was kept, so it is not known whether it ran. Look before you make it again.'

/** The model asked for a tool that is not there. */
export function unknownToolText(tool: string): string {
  return `There is no tool ${JSON.stringify(tool)}. Nothing was run.`
}

/** In mode `tell-model`, two calls with the same input are one call: this is the second, while the first runs. */
export const runningText =
  'This very call is running right now. To learn what became of it, call it again later with exactly the same input.'

/** The same id was given to an earlier call of the same answer. */
export const repeatedIdText =
  'Another call of the same answer has the same id. This one did not run. Give every call an id of its own.'
