import { AIMessage } from '@langchain/core/messages'

/** A piece of a call, as a model streams it. LangChain joins the pieces of an answer by their index. */
type Piece = { id?: string; index?: number; args?: string; isCustomTool?: boolean }

function piecesOf(message: AIMessage, id: string | undefined): Piece[] {
  const { tool_call_chunks: pieces = [] } = message as { tool_call_chunks?: readonly Piece[] }
  const first = pieces.find((piece) => piece.id === id)
  if (first === undefined) return []
  const { index } = first
  return pieces.filter((one) => one.id === id || (index !== undefined && one.index === index))
}

/** The argument JSON as the model generated it, where the provider's converter keeps it. */
export function textOf(message: AIMessage, id: string | undefined): string | undefined {
  const raw = message.additional_kwargs.tool_calls?.find((call) => call.id === id)
  if (raw !== undefined) return raw.function.arguments
  const pieces = piecesOf(message, id)
  return pieces.length === 0 ? undefined : pieces.map(({ args = '' }) => args).join('')
}

/** No text at all is a call without arguments; the text of a custom tool is no JSON. */
function endsEarly(pieces: readonly Piece[]): boolean {
  const text = pieces.map(({ args = '' }) => args).join('')
  if (text.trim() === '' || pieces.some(({ isCustomTool }) => isCustomTool === true)) return false
  try {
    JSON.parse(text)
    return false
  } catch {
    return true
  }
}

type Marks = { lelu?: { cutOff?: unknown } }

/**
 * Marks the calls of a streamed answer whose arguments are no JSON as they stand, so that none of them runs. LangChain
 * completes what was cut off (by a limit of tokens, or a lost connection): of `{"amount": 5000}` it would run
 * `{"amount": 50`. It forgets the text when the answer gets into the thread, so the mark goes there with it.
 * `leluMiddleware` does this; a graph of your own does it where it asks the model.
 */
export function markCutOff<T>(answer: T): T {
  if (!AIMessage.isInstance(answer)) return answer
  const ids = (answer.tool_calls ?? []).map(({ id }) => id)
  const cutOff = ids.filter((id) => endsEarly(piecesOf(answer, id)))
  // In place: what a checkpointer stores are the fields that the message was made of.
  if (cutOff.length > 0) Object.assign(answer.response_metadata, { lelu: { cutOff } })
  return answer
}

/** Whether the arguments of this call were cut off when the model streamed them. */
export function isCutOff(message: AIMessage | undefined, id: string): boolean {
  if (message === undefined) return false
  const { cutOff } = (message.response_metadata as Marks).lelu ?? {}
  return (Array.isArray(cutOff) && cutOff.includes(id)) || endsEarly(piecesOf(message, id))
}
