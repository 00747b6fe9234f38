import type { AuditReceipt } from '../record/record.ts'

/** Somebody who waits until the archive holds a record. */
export type Holding = {
  held: Promise<void>
  /** Nobody waits any more. */
  forget: () => void
}

type Waiting = { stream: string; seq: number; resolve: () => void; reject: (why: unknown) => void }

/** Those who wait for the archive, and nobody else: who has gone is not waited for, and takes no memory. */
export interface Holders {
  readonly waiting: boolean
  add(receipt: AuditReceipt): Holding
  /** The archive holds the first `size` records of the stream, and a checkpoint of them. */
  settle(stream: string, size: number): void
  refuse(which: (one: { stream: string }) => boolean, why: unknown): void
}

export function createHolders(): Holders {
  const all = new Set<Waiting>()

  function take(which: (one: Waiting) => boolean): Waiting[] {
    const taken = [...all].filter(which)
    for (const one of taken) all.delete(one)
    return taken
  }

  return {
    get waiting() {
      return all.size > 0
    },
    add({ stream, seq }) {
      const { promise: held, resolve, reject } = Promise.withResolvers<void>()
      const one = { stream, seq, resolve, reject }
      held.catch(() => {}) // also when nobody waits any more
      all.add(one)
      return { held, forget: () => void all.delete(one) }
    },
    settle(stream, size) {
      for (const { resolve } of take((one) => one.stream === stream && one.seq < size)) resolve()
    },
    refuse(which, why) {
      for (const { reject } of take(which)) reject(why)
    },
  }
}
