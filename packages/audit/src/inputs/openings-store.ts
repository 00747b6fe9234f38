/**
 * Where openings are kept: apart from the log, and where they can be deleted. What it is given is encrypted already, but
 * for the keys. `subject` is a keyed hash, `name` a ULID that one process made for itself: no two write to one name.
 */
export interface OpeningsStore {
  /** For messages. No secrets. */
  readonly name: string
  /** The 32 bytes that subjects are hashed with: made once, by whoever comes first. Undefined when there are none to read. */
  secret(make: boolean): Promise<Buffer | undefined>
  /** Keeps a new key, durably. */
  addKey(subject: string, name: string, key: Buffer): Promise<void>
  keys(subject: string): Promise<Map<string, Buffer>>
  /** Deletes the one key, or all of them: durably, before it answers. How many there were. */
  removeKeys(subject: string, name?: string): Promise<number>
  append(subject: string, name: string, lines: Buffer): Promise<void>
  lines(subject: string, name: string): AsyncIterable<string>
  removeLines(subject: string): Promise<void>
  /** When the subject was last erased, epoch milliseconds. */
  erasedAt(subject: string): Promise<number | undefined>
  /** Durably, before it answers: whoever makes a key after it can see it. */
  markErased(subject: string, at: number): Promise<void>
}

/** The names of subjects: a record that names another thing names no folder. */
export const subjectPattern: RegExp = /^[0-9a-f]{32}$/
