import { type Answer, isPending } from '../answer.ts'
import { withDeadline } from './deadline.ts'
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
