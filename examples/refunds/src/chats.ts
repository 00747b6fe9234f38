import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelMessage, UIMessage } from 'ai'

/** A conversation as the page shows it, and as the model and the guard read it. */
export type Chat = { id: string; messages: UIMessage[]; history: ModelMessage[] }

/** An id that `randomUUID` made: nothing else becomes part of a path. */
export const isChatId = (text: string | undefined): text is string =>
  text !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)

/** Conversations in a folder, a file each. What the browser thinks was said is never read. */
export class Chats {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  load(id: string): Chat {
    const file = this.#file(id)
    if (!existsSync(file)) return { id, messages: [], history: [] }
    return JSON.parse(readFileSync(file, 'utf8')) as Chat
  }

  save(chat: Chat): void {
    const file = this.#file(chat.id)
    writeFileSync(`${file}.new`, JSON.stringify(chat))
    renameSync(`${file}.new`, file)
  }

  #file(id: string): string {
    if (!isChatId(id)) throw new Error('That is no id of a chat.')
    return join(this.#folder, `${id}.json`)
  }
}
