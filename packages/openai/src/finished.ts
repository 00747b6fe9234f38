/** The work of one call, and what says that it is still the same call; undefined when that cannot be told. */
export type Work<A> = {
  same: string | undefined
  run: () => Promise<A>
  /** Of the one that asks. */
  signal: AbortSignal | undefined
}

/** Runs the calls of one message side by side. */
export type Settle<A> = (holder: object, works: readonly Work<A>[]) => Promise<A[]>

type Begun<A> = { answer: Promise<A>; signal: AbortSignal | undefined }

/**
 * Keeps what calls were answered as long as their message lives in memory. Against a failure of one call, and an app that
 * asks again before it has stored the answers: an allowed call has no record, so it would run a second time. `isFinal` is
 * told the signal of the one that the call was run for.
 */
export function settleOnce<A>(
  isFinal: (answer: A, signal: AbortSignal | undefined) => boolean,
): Settle<A> {
  const kept = new WeakMap<object, Map<string, Begun<A>>>()

  function begin(running: Map<string, Begun<A>>, same: string, { run, signal }: Work<A>) {
    const begun: Begun<A> = { answer: work(), signal }
    const forget = () => running.get(same) === begun && running.delete(same)
    running.set(same, begun)
    return begun

    async function work(): Promise<A> {
      try {
        const answer = await run()
        if (!isFinal(answer, signal)) forget()
        return answer
      } catch (error) {
        forget()
        throw error
      }
    }
  }

  async function once(running: Map<string, Begun<A>>, work: Work<A>): Promise<A> {
    const { same, run, signal } = work
    if (same === undefined) return run()
    for (;;) {
      const others = running.get(same)
      if (others === undefined) return begin(running, same, work).answer
      try {
        return await others.answer
      } catch (error) {
        // That run was ended, and this one was not.
        if (!others.signal?.aborted || signal?.aborted) throw error
      }
    }
  }

  return async (holder, works) => {
    const running = kept.get(holder) ?? new Map<string, Begun<A>>()
    kept.set(holder, running)
    const results = await Promise.allSettled(works.map((work) => once(running, work)))
    // No sibling is left running behind an error that is thrown.
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
  }
}
