import type { DatabaseSync } from 'node:sqlite'
import { busyPauseMs, isBusy } from './busy.ts'
import type { AssertInPlace } from './sqlite-place.ts'
import { storeError } from './store-error.ts'

type Write = {
  run: () => unknown
  settle: (error: unknown, value?: unknown) => void
  /** When it is given up, by `performance.now()`. */
  until: number
}

export type CommitQueue = {
  /**
   * Runs `statement` in a durable transaction; answers only after the commit. While another process writes it is tried
   * again, for so many milliseconds.
   */
  write<T>(doing: string, patienceMs: number, statement: () => T): Promise<T>
  /** Runs `statement` with the next commit, or soon; its failure is nobody's. */
  later(statement: () => unknown): void
  drain(): Promise<void>
}

function quietly(hint: () => unknown): void {
  try {
    hint()
  } catch {
    // A hint that is lost only makes an event be written to the audit log once more.
  }
}

/** How long a commit waits for as many writes as the one before it had, in ms. */
const joinMs = 1
/** How long a hint waits for a commit to ride on, in ms. */
const hintMs = 50

/** Tells those whose time is over by then, and answers the others. */
function inTime(writes: Write[], by: number, error: unknown): Write[] {
  for (const write of writes) if (write.until <= by) write.settle(error)
  return writes.filter(({ until }) => until > by)
}

/**
 * Writes that meet share one transaction and one fsync; each keeps its own answer. A lone caller is committed at
 * once; where several were committed together, the next commit gives them a moment to meet again.
 */
export function commitQueue(database: DatabaseSync, assertInPlace: AssertInPlace): CommitQueue {
  let waiting: Write[] = []
  let hints: (() => unknown)[] = []
  let together = 1
  /** What the last try was told, when another process was writing. */
  let locked: unknown
  let soon: NodeJS.Immediate | undefined
  let later: NodeJS.Timeout | undefined

  function take(): { batch: Write[]; kept: (() => unknown)[] } {
    if (soon !== undefined) clearImmediate(soon)
    clearTimeout(later)
    soon = undefined
    later = undefined
    const taken = { batch: waiting, kept: hints }
    waiting = []
    hints = []
    return taken
  }

  /** Nobody stands still for another process that writes: whoever has the time tries again. */
  function again(batch: Write[], kept: (() => unknown)[], error: unknown): void {
    const pause = busyPauseMs()
    locked = error
    waiting = inTime(batch, performance.now() + pause, error)
    hints = kept
    if (waiting.length > 0) later = setTimeout(commit, pause)
    else if (hints.length > 0) later = setTimeout(commit, hintMs).unref()
  }

  function commit(): void {
    const { batch: taken, kept } = take()
    // Who was told no while this process stood still must not be committed after all.
    const batch = locked === undefined ? taken : inTime(taken, performance.now(), locked)
    if (!database.isOpen) {
      for (const write of batch) write.settle(new Error('the store is closed'))
      return
    }
    if (batch.length > 0) together = batch.length
    let left = batch
    for (;;) {
      const failed = transact(left, kept)
      if (failed === undefined) return
      // Nothing of it is there: the others are written without it.
      left = left.filter((write) => write !== failed)
    }
  }

  /** Writes all or none, and tells them so. Where the statement of one failed, tells that one alone, and answers it. */
  function transact(batch: Write[], kept: (() => unknown)[]): Write | undefined {
    const answers: unknown[] = []
    let running: Write | undefined
    try {
      assertInPlace()
      // IMMEDIATE: the lock is taken before the first read, so that a compare cannot go stale.
      database.exec('BEGIN IMMEDIATE')
      for (const write of batch) {
        running = write
        answers.push(write.run())
      }
      running = undefined
      for (const hint of kept) quietly(hint)
      database.exec('COMMIT')
    } catch (error) {
      // Where SQLite has ended the transaction itself, the fault is the disk's, and would be there for all.
      const failed = database.isTransaction ? running : undefined
      if (database.isTransaction) database.exec('ROLLBACK')
      if (isBusy(error)) {
        again(batch, kept, error)
        return undefined
      }
      for (const write of failed === undefined ? batch : [failed]) write.settle(error)
      return failed
    }
    locked = undefined
    for (const [index, write] of batch.entries()) write.settle(undefined, answers[index])
    return undefined
  }

  function schedule(): void {
    if (soon !== undefined) return
    if (waiting.length >= together) soon = setImmediate(commit)
    else if (waiting.length === 1) {
      clearTimeout(later) // a hint's, which is far away
      later = setTimeout(commit, joinMs)
    }
  }

  return {
    write: <T>(doing: string, patienceMs: number, statement: () => T) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({
          run: statement,
          until: performance.now() + patienceMs,
          settle: (error, value) =>
            error === undefined ? resolve(value as T) : reject(storeError(error, doing)),
        })
        schedule()
      }),
    later(statement) {
      hints.push(statement)
      if (soon !== undefined || later !== undefined) return
      later = setTimeout(commit, hintMs).unref()
    },
    async drain() {
      if (waiting.length > 0 || hints.length > 0) commit()
      while (waiting.length > 0) await new Promise((next) => setTimeout(next, busyPauseMs()))
    },
  }
}
