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

/** Writes that meet in one turn of the event loop share one transaction and one fsync; each keeps its own answer. */
export function commitQueue(database: DatabaseSync): CommitQueue {
  let waiting: Write[] = []
  let idle: (() => unknown)[] = []
  let scheduled: Promise<void> | undefined
  let idleTimer: NodeJS.Timeout | undefined

  function commit(): void {
    scheduled = undefined
    clearTimeout(idleTimer)
    idleTimer = undefined
    const batch = waiting
    const hints = idle
    waiting = []
    idle = []
    if (!database.isOpen) {
      for (const write of batch) write.settle(new Error('the store is closed'))
      return
    }
    const answers: unknown[] = []
    try {
      // IMMEDIATE: the lock is taken before the first read, so that a compare cannot go stale.
      database.exec('BEGIN IMMEDIATE')
      for (const write of batch) answers.push(write.run())
      for (const hint of hints) quietly(hint)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      for (const write of batch) write.settle(error)
      return
    }
    for (const [index, write] of batch.entries()) write.settle(undefined, answers[index])
  }

  return {
    write: <T>(doing: string, statement: () => T) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({
          run: statement,
          settle: (error, value) =>
            error === undefined ? resolve(value as T) : reject(storeError(error, doing)),
        })
        scheduled ??= new Promise((done) => setImmediate(() => done(commit())))
      }),
    later(statement) {
      idle.push(statement)
      if (scheduled !== undefined || idleTimer !== undefined) return
      idleTimer = setTimeout(commit, 50)
      idleTimer.unref()
    },
    async drain() {
      await scheduled
      if (idle.length > 0) commit()
    },
  }
}
