import type { AIMessage } from '@langchain/core/messages'

/** A piece of a call, as a model streams it. */
type Piece = { id?: string; index?: number; args?: string; isCustomTool?: boolean }

/** What a model streamed of one call. */
export type StreamedCall = { id: string | undefined; text: string; isCustomTool: boolean }

/** The very rule by which LangChain joins the pieces of an answer (`collapseToolCallChunks`). */
function isSameCall(piece: Piece, { id, index }: Piece): boolean {
  if (piece.id && piece.index !== undefined) return piece.id === id && piece.index === index
  if (piece.id) return piece.id === id
  return piece.index !== undefined && piece.index === index
}

/** The calls of an answer as they were streamed; none where it came as a whole. */
export function streamedCalls(message: AIMessage): StreamedCall[] {
  const { tool_call_chunks: pieces = [] } = message as { tool_call_chunks?: readonly Piece[] }
  const calls: [Piece, ...Piece[]][] = []
  for (const piece of pieces) {
    const call = calls.find(([first]) => isSameCall(piece, first))
    if (call === undefined) calls.push([piece])
    else call.push(piece)
  }
  return calls.map((call) => ({
    id: call.find(({ id }) => id)?.id,
    text: call.map(({ args = '' }) => args).join(''),
    isCustomTool: call.some(({ isCustomTool }) => isCustomTool === true),
  }))
}

type OutputItem = { call_id?: unknown; arguments?: unknown } | null

/** Of OpenAI Responses, whose answer comes with its items. */
function itemText({ response_metadata }: AIMessage, id: string | undefined): string | undefined {
  const { output } = response_metadata as { output?: unknown }
  const items: OutputItem[] = Array.isArray(output) ? output : []
  const text = items.find((item) => item?.call_id === id)?.arguments
  return typeof text === 'string' ? text : undefined
}

/** The argument JSON as the model generated it, where the provider's converter keeps it. */
export function textOf(message: AIMessage, id: string | undefined): string | undefined {
  const raw = message.additional_kwargs.tool_calls?.find((call) => call.id === id)
  if (raw !== undefined) return raw.function.arguments
  const streamed = streamedCalls(message).find((call) => call.id === id)
  return streamed?.text ?? itemText(message, id)
}
