import { type Approval, endedText } from '@lelu/engine/adapter'
import { answeredAs, type ToolPart } from './tool-part.ts'

// The SDK believes that whoever decides answers in the page, and takes no message with a call that has its answer and
// no `approved` beside it. Reviewers decide elsewhere, so it is put there. It opens nothing: each call is looked up again
// when it is resumed.

/**
 * An open part with what was decided of its call, so that what the SDK makes of it is whole when the turn ends. The
 * SDK's conversion closes one that was refused, and its stream says so.
 */
export function decidedPart<Part>(part: Part, approval: Approval | undefined): Part {
  if (approval === undefined || approval.state === 'pending') return part
  const reason = endedText(approval)
  // That the user pressed "approve" says it already.
  if (reason === undefined && (part as ToolPart).state === 'approval-responded') return part
  const answer = reason === undefined ? { approved: true } : { approved: false, reason }
  return answeredAs(part, answer, 'approval-responded')
}

/** Shown as refused, with no word of why. */
export function isUnexplained({ state, approval }: ToolPart): boolean {
  if (state !== 'output-denied' || typeof approval !== 'object' || approval === null) return false
  return approval.approved !== false || approval.reason === undefined
}

/** A part that has its answer, with an `approved` that fits it, and with why its call was refused. */
export function answeredPart<Part>(part: Part, found: Approval | undefined): Part {
  const { state, approval } = part as ToolPart
  if (typeof approval !== 'object' || approval === null) return part
  switch (state) {
    case 'output-available':
    case 'output-error':
      return approval.approved === true ? part : answeredAs(part, { approved: true })
    case 'output-denied':
      return isUnexplained(part as ToolPart)
        ? answeredAs(part, { approved: false, reason: found && endedText(found) })
        : part
    default:
      return part
  }
}
