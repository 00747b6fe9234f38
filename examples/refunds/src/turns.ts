import { randomUUID } from 'node:crypto'
import {
  isToolUIPart,
  type ModelMessage,
  toUIMessageStream,
  type UIMessage,
  type UIMessageChunk,
} from 'ai'
import type { Agent, Session } from './agent.ts'
import type { Chat, Chats } from './chats.ts'
import type { Decided } from './decided.ts'

/** What the page may add to a conversation: a message of the customer, or nothing. */
export type Said = { id: string; text: string }

export type Turn =
  | { status: 'answering'; stream: ReadableStream<UIMessageChunk> }
  /** A reviewer has not decided yet. Nothing was run. */
  | { status: 'waiting' }
  /** The conversation has its answer already. Nothing was run. */
  | { status: 'idle' }

/** The customer's message at the end; the calls that waited for a reviewer are cancelled by it. */
async function addMessage(agent: Agent, chat: Chat, { id, text }: Said, runtimeContext: Session) {
  const message: UIMessage = { id, role: 'user', parts: [{ type: 'text', text }] }
  chat.messages = await agent.guard.cancelAbandoned([...chat.messages, message], { runtimeContext })
  const history: ModelMessage[] = [...chat.history, { role: 'user', content: text }]
  chat.history = await agent.guard.cancelAbandoned(history, { runtimeContext })
}

/** The calls of the page that wait to go on. One without a decision that can be read will be refused. */
function decidedIn(messages: readonly UIMessage[]): Decided[] {
  const parts = messages.at(-1)?.parts.filter(isToolUIPart) ?? []
  return parts.flatMap((part) => {
    if (part.state !== 'approval-requested' && part.state !== 'approval-responded') return []
    const { id, approved = false, reason } = part.approval
    return [{ id, approved, ...(reason !== undefined && { reason }) }]
  })
}

/**
 * Goes on with a conversation: with what the customer said, or with what a reviewer decided meanwhile. Whether somebody
 * decided is asked of the guard, whatever the page says.
 */
export async function takeTurn(
  agent: Agent,
  chats: Chats,
  session: Session,
  said: Said | undefined,
): Promise<Turn> {
  const chat = chats.load(session.chat)
  // The page sends a message again when it got no answer.
  if (said !== undefined && !chat.messages.some(({ id }) => id === said.id)) {
    await addMessage(agent, chat, said, session)
    chats.save(chat)
  }
  const settled = await agent.guard.settle(chat.history, { runtimeContext: session })
  if (!settled.ready) return { status: 'waiting' }
  if (settled.messages.length === 0 || settled.messages.at(-1)?.role === 'assistant') {
    return { status: 'idle' }
  }

  // Each call that waited says how it was decided: what is kept at the end is then what the SDK takes.
  const shown = await agent.guard.cancelAbandoned(chat.messages, { runtimeContext: session })
  let waits = decidedIn(chat.messages).length > 0
  const { stream } = agent.answer(settled.messages, session, (added) => {
    if (added.length === 0) return // nothing has run: the history stays as it was
    waits = false
    chat.history = [...settled.messages, ...added]
    chats.save(chat)
  })
  const keep = ({ messages }: { messages: UIMessage[] }) => {
    if (waits) return // nothing has run: the page can wake it up again
    chat.messages = messages
    chats.save(chat)
  }
  return {
    status: 'answering',
    stream: toUIMessageStream({
      stream,
      originalMessages: shown,
      generateMessageId: randomUUID,
      onStepEnd: keep,
      onEnd: keep,
    }),
  }
}

/** What waits for a reviewer; and when nothing does any more, how it was decided. */
export async function howItStands(agent: Agent, chat: Chat, runtimeContext: Session) {
  const { ready, pending } = await agent.guard.settle(chat.history, { runtimeContext })
  if (!ready || decidedIn(chat.messages).length === 0) {
    return { waiting: pending.length, decided: [] }
  }
  const shown = await agent.guard.cancelAbandoned(chat.messages, { runtimeContext })
  return { waiting: pending.length, decided: decidedIn(shown) }
}
