import type { DatabaseSync } from 'node:sqlite'
import { storeError } from './store-error.ts'

type Write = { run: () => unknown; settle: (error: unknown, value?: unknown) => void }

export type CommitQueue = {
  /** Runs `statement` in a durable transaction; answers only after the commit. */
  write<T>(doing: string, statement: () => T): Promise<T>
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

/**
 * Writes that meet share one transaction and one fsync; each keeps its own answer. A lone caller is committed at
 * once; where several were committed together, the next commit gives them a moment to meet again.
 */
export function commitQueue(database: DatabaseSync): CommitQueue {
  let waiting: Write[] = []
  let hints: (() => unknown)[] = []
  let together = 1
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

  function commit(): void {
    const { batch, kept } = take()
    if (!database.isOpen) {
      for (const write of batch) write.settle(new Error('the store is closed'))
      return
    }
    if (batch.length > 0) together = batch.length
    const answers: unknown[] = []
    try {
      // IMMEDIATE: the lock is taken before the first read, so that a compare cannot go stale.
      database.exec('BEGIN IMMEDIATE')
      for (const write of batch) answers.push(write.run())
      for (const hint of kept) quietly(hint)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      for (const write of batch) write.settle(error)
      return
    }
    for (const [index, write] of batch.entries()) write.settle(undefined, answers[index])
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
    write: <T>(doing: string, statement: () => T) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({
          run: statement,
          settle: (error, value) =>
            error === undefined ? resolve(value as T) : reject(storeError(error, doing)),
        })
        schedule()
      }),
    later(statement) {
      hints.push(statement)
      if (soon !== undefined || later !== undefined) return
      later = setTimeout(commit, 50)
      later.unref()
    },
    async drain() {
      if (waiting.length > 0 || hints.length > 0) commit()
    },
  }
}
