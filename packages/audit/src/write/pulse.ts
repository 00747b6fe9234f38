import type { PulseRecord, SealedPeer } from '../record/record.ts'

export type PulseOptions = {
  append(record: PulseRecord): Promise<unknown>
  /** Other streams' checkpoints that have grown since the last look. */
  peers: () => Promise<SealedPeer[]>
  /** How many records there are so far. */
  size: () => number
  /** Milliseconds between two looks at the peers. */
  peersMs: number
  /** Milliseconds without a record until one says that the process is alive. */
  heartbeatMs: number
}

/**
 * Writes what other streams have come to, so that cutting one off contradicts this one; and a sign of life while
 * nothing happens, so that an end that was cut off is told from a quiet night.
 */
export function startPulse({ append, peers, size, peersMs, heartbeatMs }: PulseOptions): {
  stop(): Promise<void>
} {
  let quietSince = performance.now()
  let before = size()
  let beating: Promise<void> | undefined

  /** Two quiet processes that note each other at every look would keep each other busy for ever. */
  async function beat(): Promise<void> {
    const busy = size() !== before
    if (busy) quietSince = performance.now()
    const quiet = performance.now() - quietSince >= heartbeatMs
    if (!busy && !quiet) return
    const grown = await peers().catch(() => []) // what cannot be read is no reason to be silent
    if (grown.length > 0) await append({ kind: 'peers', peers: grown })
    else if (quiet) await append({ kind: 'heartbeat' })
    before = size()
    if (quiet) quietSince = performance.now()
  }

  const timer = setInterval(() => {
    beating ??= beat()
      .catch(() => {}) // a log that fails says so to those who append
      .finally(() => {
        beating = undefined
      })
  }, peersMs)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await beating
    },
  }
}
