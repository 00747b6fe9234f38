import { withDeadline } from './deadline.ts'
import type { Answer } from './store.ts'
import { storeError } from './store-error.ts'

/** Waits for one operation of a store, if there is anything to wait for; `doing` goes into the error. */
export type Timed = <T>(operation: Answer<T>, doing: string) => Answer<T>

/** Gives each operation so many milliseconds. Whatever fails is `LELU_STORE_UNAVAILABLE`, or what the driver says more exactly. */
export function timedBy(deadlineMs: number): Timed {
  return (operation, doing) => {
    if (!isPending(operation)) return operation
    return withDeadline(operation, deadlineMs, doing).catch((error) => {
      throw storeError(error, doing)
    })
  }
}

/** Of another realm, a promise is no instance of ours: passed on as an answer, it would have no deadline. */
function isPending<T>(answer: Answer<T>): answer is Promise<T> {
  return typeof (answer as Partial<Promise<T>> | undefined)?.then === 'function'
}
