import { randomUUID } from 'node:crypto'
import { type ModelMessage, toUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai'
import type { Agent, Session } from './agent.ts'
import type { Chat, Chats } from './chats.ts'
import { withdrawn } from './withdrawn.ts'

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
  chat.messages = [...withdrawn(chat.messages), message]
  const history: ModelMessage[] = [...chat.history, { role: 'user', content: text }]
  chat.history = await agent.guard.cancelAbandoned(history, { runtimeContext })
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

  const { stream } = agent.answer(settled.messages, session, (added) => {
    if (added.length === 0) return // nothing has run: the history stays as it was
    chat.history = [...settled.messages, ...added]
    chats.save(chat)
  })
  const keep = ({ messages }: { messages: UIMessage[] }) => {
    chat.messages = messages
    chats.save(chat)
  }
  return {
    status: 'answering',
    stream: toUIMessageStream({
      stream,
      originalMessages: chat.messages,
      generateMessageId: randomUUID,
      onStepEnd: keep,
      onEnd: keep,
    }),
  }
}

/** Whether something waits for a reviewer, and whether everything that waited is decided by now. */
export async function howItStands(agent: Agent, chat: Chat, session: Session) {
  const { ready, pending } = await agent.guard.settle(chat.history, { runtimeContext: session })
  const asked = chat.messages
    .at(-1)
    ?.parts.some((part) => 'state' in part && part.state === 'approval-requested')
  return { waiting: pending.length, decided: asked === true && ready }
}
