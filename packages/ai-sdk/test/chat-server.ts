import {
  convertToModelMessages,
  isStepCount,
  readUIMessageStream,
  safeValidateUIMessages,
  streamText,
  type ToolSet,
  type UIMessage,
  validateUIMessages,
} from 'ai'
import type { AiGuard } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'

export const ask: UIMessage = {
  id: 'u1',
  role: 'user',
  parts: [{ type: 'text', text: 'Go on.' }],
}

/** As a browser posts it, and a database keeps it. */
export const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value))

type Checked = Parameters<typeof validateUIMessages>[0]

const toCheck = (messages: UIMessage[], tools: ToolSet): Checked => ({
  messages: copyOf(messages),
  tools: tools as NonNullable<Checked['tools']>,
})

/** Whether the SDK's own check takes the messages. */
export async function isValid(messages: UIMessage[], tools: ToolSet): Promise<boolean> {
  return (await safeValidateUIMessages(toCheck(messages, tools))).success
}

/**
 * One request of a chat server, as the README has it: from the messages that the browser posts to those that it shows
 * then, and those that the server stores.
 */
export async function post(
  guard: AiGuard,
  tools: ToolSet,
  chat: UIMessage[],
  { model } = scriptedModel([]),
): Promise<{ chat: UIMessage[]; stored: UIMessage[]; ready: boolean }> {
  const posted = copyOf(chat)
  const guarded = guard.tools(tools)
  const open = await guard.cancelAbandoned(posted, { tools })
  const valid = await validateUIMessages({ ...toCheck(open, tools), messages: open })
  const { ready, messages } = await guard.settle(
    await convertToModelMessages(valid, { tools: guarded }),
  )
  if (!ready) return { chat: posted, stored: posted, ready }
  const result = streamText({
    model: guard.model(model),
    tools: guarded,
    toolApproval: guard.toolApproval(),
    messages,
    stopWhen: isStepCount(10),
  })
  const last = posted.at(-1)
  let stored = posted
  const stream = result.toUIMessageStream({
    originalMessages: valid,
    generateMessageId: () => `a${posted.length}`,
    // The first versions of `ai` 7 put one sentence in the place of every tool's error.
    onError: (error) => (error instanceof Error ? error.message : String(error)),
    onEnd(end) {
      stored = copyOf(end.messages)
    },
  })
  let shown: UIMessage | undefined
  const from = last?.role === 'assistant' ? { message: last } : {}
  for await (const message of readUIMessageStream({ stream, ...from })) shown = message
  const before = last?.role === 'assistant' ? posted.slice(0, -1) : posted
  return { chat: shown === undefined ? before : [...before, shown], stored, ready }
}

export type Shown = {
  type: string
  state?: string
  output?: unknown
  errorText?: string
  approval?: { id?: string; approved?: boolean; reason?: string }
}

export const toolPart = (chat: readonly UIMessage[], name: string): Shown | undefined =>
  chat.flatMap(({ parts }) => parts as Shown[]).find(({ type }) => type === `tool-${name}`)

/** Presses "approve" in the page, whoever may. */
export function press(chat: UIMessage[], approved: boolean, reason?: string): UIMessage[] {
  const pressed = copyOf(chat)
  const waits = ({ state }: Shown) => state === 'approval-requested'
  for (const part of pressed.flatMap(({ parts }) => parts as Shown[]).filter(waits)) {
    part.state = 'approval-responded'
    part.approval = { ...part.approval, approved, ...(reason !== undefined && { reason }) }
  }
  return pressed
}
