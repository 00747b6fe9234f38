import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'

/** One conversation in a JSON file, so that a call that waits outlives its process. */
export type Conversation = {
  /** Names the conversation in Lelu's records: never used again, even when the file is deleted. */
  readonly run: string
  readonly messages: readonly ChatCompletionMessageParam[]
  /** Replaces the messages, in the file first. */
  store(messages: readonly ChatCompletionMessageParam[]): void
}

/** Reads the file, or begins a conversation. Enough for one process at a time; a service takes a database. */
export function openConversation(file: string, systemPrompt: string): Conversation {
  type Stored = { run: string; messages: readonly ChatCompletionMessageParam[] }
  let { run, messages }: Stored = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { run: `chat-${randomUUID()}`, messages: [{ role: 'system', content: systemPrompt }] }
  return {
    run,
    get messages() {
      return messages
    },
    store(next) {
      writeFileSync(`${file}.new`, `${JSON.stringify({ run, messages: next }, null, 2)}\n`)
      renameSync(`${file}.new`, file)
      messages = next
    },
  }
}
