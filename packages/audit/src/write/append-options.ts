import type { Due } from './deadline.ts'

/**
 * `until`: `durable` (the default) answers after fdatasync. `written` answers when the record is in the kernel's page
 * cache: it survives the death of the process, not a power cut in the next moments. Its sync follows within 20 ms, or
 * with the next durable record; when that fails the log refuses every further record.
 */
export type AppendOptions = {
  until?: 'durable' | 'written'
  /** Told when the record is in the page cache, which is before a durable append answers. */
  onWritten?: () => void
  /** Told once of a record that was taken: it is on disk, or the error for which it may not be. Must not throw. */
  onDurable?: (error?: unknown) => void
}

/** `due`: of a caller who has waited for the stream already. */
export type StreamAppend = AppendOptions & { due?: Due }
