import { withDeadline } from './deadline.ts'
import { storeError } from './store-error.ts'

/** Waits for one operation of a store; `doing` goes into the error. */
export type Timed = <T>(operation: Promise<T>, doing: string) => Promise<T>

/** Gives each operation so many milliseconds. Whatever fails is `LELU_STORE_UNAVAILABLE`, or what the driver says more exactly. */
export function timedBy(deadlineMs: number): Timed {
  return (operation, doing) =>
    withDeadline(operation, deadlineMs, doing).catch((error) => {
      throw storeError(error, doing)
    })
}
