import { LeluError } from '@lelu/engine/adapter'

type Read = { role?: unknown; content?: unknown; parts?: unknown }
type ReadPart = { type?: unknown; toolCallId?: unknown; approvalId?: unknown }

function asRead(value: unknown): Read | undefined {
  return typeof value === 'object' && value !== null ? value : undefined
}

/** The SDK looks ids up by what they are as a text, and `{ "toString": null }`, which JSON can bring, is none. */
function hasText(id: unknown): boolean {
  try {
    return typeof String(id) === 'string'
  } catch {
    return false
  }
}

function isPart(part: unknown): boolean {
  const { type, toolCallId, approvalId } = (asRead(part) ?? {}) as ReadPart
  return typeof type === 'string' && hasText(toolCallId) && hasText(approvalId)
}

const areParts = (parts: unknown): boolean => Array.isArray(parts) && parts.every(isPart)

/** Whether these are messages of a chat, as a browser posts them, and not yet those of a model. */
export function isChat(messages: unknown): boolean {
  return Array.isArray(messages) && messages.some((message) => asRead(message)?.parts !== undefined)
}

const canBeRead = {
  model: ({ role, content }: Read) =>
    areParts(content) || (typeof content === 'string' && role !== 'tool'),
  chat: ({ parts }: Read) => areParts(parts),
}

/** Throws `LELU_REQUEST_INVALID` for what is no history: it is often the client's, and the SDK could not take it either. */
export function checkMessages(messages: unknown, kind: 'model' | 'chat'): void {
  const all: readonly unknown[] = Array.isArray(messages) ? messages : [messages]
  const bad = all.findIndex((message) => {
    const read = asRead(message)
    return typeof read?.role !== 'string' || !canBeRead[kind](read)
  })
  if (bad === -1 && Array.isArray(messages)) return
  throw new LeluError(
    'LELU_REQUEST_INVALID',
    Array.isArray(messages)
      ? `Message ${bad} of the history cannot be read.`
      : 'The history is no list of messages.',
    {
      help: 'Pass ModelMessage[]. The UIMessage[] of a chat go to guard.cancelAbandoned, and are converted behind it.',
    },
  )
}
