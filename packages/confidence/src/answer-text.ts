type Members = Record<string, unknown>

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {}
}

/** A message's content: text, or a list of parts of which some are text or a thought. */
function contentText(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  if (!Array.isArray(content)) return []
  return content
    .flatMap((part) => [members(part).text, members(part).reasoning])
    .filter((text) => typeof text === 'string')
}

/** What one message says: its text, and what it thought before, which some servers give log-probabilities for as well. */
function messageText(message: unknown): string[] {
  const {
    content,
    reasoning,
    reasoning_content: thoughts,
    additional_kwargs: more,
  } = members(message)
  return [content, reasoning, thoughts, members(more).reasoning_content].flatMap(contentText)
}

/**
 * What an answer says in text beside its tool calls, in the shapes of the frameworks: LangChain's message, OpenAI's
 * completion, choice, message or response, AI SDK's result. Undefined for a shape that is not known.
 */
export function answerText(raw: unknown): string[] | undefined {
  const { content, text, message, choices, output } = members(raw)
  const parts = [message, choices, output].filter((one) => one !== undefined).flat()
  if (content === undefined && typeof text !== 'string' && parts.length === 0) return undefined
  const messages = [raw, ...parts, ...parts.map((one) => members(one).message)]
  return [...contentText(text), ...messages.flatMap(messageText)]
}
