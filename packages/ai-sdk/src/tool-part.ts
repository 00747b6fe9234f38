import type { UIMessage } from 'ai'
import { isUnanswered } from './unanswered.ts'

type PartApproval = { id?: string; approved?: boolean; reason?: string }

/** A tool part of a UI message, read with care. */
export type ToolPart = {
  type: string
  state?: string
  toolCallId: string
  toolName?: string
  input?: unknown
  output?: unknown
  /** Whether the tool had more to say. */
  preliminary?: boolean
  errorText?: string
  providerExecuted?: boolean
  approval?: PartApproval
}

const prefix = 'tool-'

const dynamic = 'dynamic-tool'

export function toolPart(part: UIMessage['parts'][number]): ToolPart | undefined {
  const isTool = part.type === dynamic || part.type.startsWith(prefix)
  // Input that is still streaming is no call yet, and becomes none of the model's messages.
  return isTool && (part as ToolPart).state !== 'input-streaming' ? (part as ToolPart) : undefined
}

/** As the SDK reads it: a client may have added a `toolName` to a part whose type names the tool. */
export const toolNameOf = ({ toolName, type }: ToolPart): string =>
  type === dynamic ? String(toolName) : type.slice(prefix.length)

/** Its execution ended without an answer, and was shown in its place. */
export const isUnansweredPart = ({ state, output, approval }: ToolPart): boolean =>
  state === 'output-available' && isUnanswered(output) && approval !== undefined

/** What its tool had said so far, from a run that was stopped. The SDK's conversion takes it for the result. */
export const isHalfway = ({ state, preliminary, approval }: ToolPart): boolean =>
  state === 'output-available' && preliminary === true && approval !== undefined

/** Its call was suspended once, and has its result. */
export const isAnswered = (part: ToolPart): boolean =>
  part.state === 'output-available' &&
  part.approval !== undefined &&
  !isUnansweredPart(part) &&
  !isHalfway(part)

export const isOpen = (part: ToolPart): boolean =>
  part.state === 'approval-requested' ||
  (part.state === 'approval-responded' && part.approval?.approved === true) ||
  isUnansweredPart(part)

/** The user may take back what the agent asked for; the SDK's conversion then closes the call by itself. */
export const isDeclined = ({ state, approval }: ToolPart): boolean =>
  state === 'approval-responded' && approval?.approved === false

/** The part with what came of its call since; what it said of that before is left out. */
export function ended<Part>(part: Part, end: Partial<ToolPart>): Part {
  const { output: _output, preliminary: _preliminary, ...call } = part as ToolPart
  return { ...call, ...end, approval: { ...call.approval, ...end.approval } } as Part
}

/** The part with another answer to its request; the reason of the one before is left out. */
export function answeredAs<Part>(
  part: Part,
  approval: { approved: boolean; reason?: string | undefined },
  state: string | undefined = (part as ToolPart).state,
): Part {
  const { reason: _reason, ...request } = (part as ToolPart).approval ?? {}
  const { approved, reason } = approval
  const answer = { ...request, approved, ...(reason !== undefined && { reason }) }
  return { ...part, ...(state !== undefined && { state }), approval: answer }
}
