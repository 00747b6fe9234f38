/** What a scan came to; `complete` is false when its time ran out, and then there may be no value. */
export type Scanned<T> = { complete: true; value: T } | { complete: false; value: T | undefined }

/** Limits what reads the whole log: it is the one thing here whose cost grows with the past. */
export type ScanSlots = {
  /** Undefined when too many run already. Throws what the scan throws, unless its time ran out. */
  run<T>(
    signal: AbortSignal,
    scan: (limited: AbortSignal) => Promise<T>,
  ): Promise<Scanned<T> | undefined>
}

/** At most `most` scans at once, each for at most `scanMs`. */
export function scanSlots(scanMs: number, most = 2): ScanSlots {
  let running = 0
  return {
    async run(signal, scan) {
      if (running >= most) return undefined
      running += 1
      const clock = AbortSignal.timeout(scanMs)
      try {
        const value = await scan(AbortSignal.any([signal, clock]))
        signal.throwIfAborted()
        return clock.aborted ? { complete: false, value } : { complete: true, value }
      } catch (error) {
        if (!clock.aborted || signal.aborted) throw error
        return { complete: false, value: undefined }
      } finally {
        running -= 1
      }
    },
  }
}
