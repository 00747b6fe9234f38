import { before, dueIn } from '@lelu/audit/deadline'
import { LeluError } from '../errors.ts'
import { withDeadline } from './deadline.ts'
import type { ApprovalStore, StoredRow } from './store.ts'
import { storeError } from './store-error.ts'

/**
 * Carries a write of this row out within the deadline. When its reply is lost, `becameOf` says what the row that is
 * stored tells of it; undefined when that is nothing, and then the error stands.
 */
export type Written = <T>(
  id: string,
  operation: Promise<T>,
  doing: string,
  becameOf: (stored: StoredRow | undefined) => T | undefined,
) => Promise<T>

const retryMs = 25

const unsent = new WeakSet<object>()

/** The error of a write that was never sent: nobody asks what became of it, of a store that is asked too much already. */
export function neverSent(message: string, help: string): LeluError {
  const error = new LeluError('LELU_STORE_UNAVAILABLE', message, { help })
  unsent.add(error)
  return error
}

/**
 * A write has half of the deadline; the other half is for finding out what became of it. Whoever has lost a reply has
 * often lost the connection with it, so the store is asked again and again: a claim that nobody knows of is a call that
 * nobody runs. So it is while the write is still under way, and its reply may come: it must not be done after a no.
 */
export function lostReplies(store: ApprovalStore, deadlineMs: number): Written {
  return async (id, operation, doing, becameOf) => {
    const due = dueIn(deadlineMs)
    let isOver = false
    let underWay = true
    let isSent = true
    const ended = operation.then(
      () => {
        underWay = false
      },
      (error) => {
        underWay = false
        isSent = !unsent.has(error)
      },
    )

    async function readBack(): Promise<StoredRow | undefined> {
      for (;;) {
        try {
          return await store.get(id)
        } catch (error) {
          if (isOver || !isSent) throw error
          await new Promise((next) => setTimeout(next, retryMs))
        }
      }
    }

    async function lookFor(error: unknown) {
      for (;;) {
        if (isOver || !isSent) throw error
        // What has ended before this look is there, or will never be.
        const isLast = !underWay
        const answer = becameOf(await readBack())
        if (answer !== undefined) return answer
        if (isLast) throw error
        const pause = Math.max(retryMs, (due.at - performance.now()) / 2)
        await Promise.race([ended, new Promise((next) => setTimeout(next, pause))])
      }
    }

    try {
      return await withDeadline(operation, Math.ceil(deadlineMs / 2), doing)
    } catch (cause) {
      const error = storeError(cause, doing)
      // Its own answer is as good, if it comes after all.
      const answered = operation.catch((refused) => {
        if (unsent.has(refused)) throw refused
        return new Promise<never>(() => {})
      })
      const found = Promise.race([answered, lookFor(error)])
      return await before(due, found, () => error).finally(() => {
        isOver = true
      })
    }
  }
}
