/** The work of one call, and what says that it is still the same call; undefined when that cannot be told. */
export type Work<A> = { same: string | undefined; run: () => Promise<A> }

/** Runs the calls of one message side by side. */
export type Settle<A> = (holder: object, works: readonly Work<A>[]) => Promise<A[]>

/**
 * Keeps what calls were answered as long as their message lives in memory. Against a failure of one call, and an app that
 * asks again before it has stored the answers: an allowed call has no record, so it would run a second time.
 */
export function settleOnce<A>(isFinal: (answer: A) => boolean): Settle<A> {
  const kept = new WeakMap<object, Map<string, Promise<A>>>()
  return async (holder, works) => {
    const running = kept.get(holder) ?? new Map<string, Promise<A>>()
    kept.set(holder, running)
    const once = async ({ same, run }: Work<A>) => {
      if (same === undefined) return run()
      const answer = running.get(same) ?? run()
      running.set(same, answer)
      const forget = () => running.get(same) === answer && running.delete(same)
      try {
        if (!isFinal(await answer)) forget()
      } catch (error) {
        forget()
        throw error
      }
      return answer
    }
    const results = await Promise.allSettled(works.map(once))
    // No sibling is left running behind an error that is thrown.
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
  }
}
