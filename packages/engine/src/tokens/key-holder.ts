import type { KeyRing, SealKey, SigningKey } from './key-ring.ts'

/** The keys as they are now. Another process may rotate them: an unknown key id is looked up anew, once. */
export type KeyHolder = {
  /** For whoever comes again and again: one that is old is read anew for the next. */
  ring(): KeyRing
  /** Reads the ring again when it is old: before anything is sealed. Fails when it cannot be read. */
  fresh(): Promise<void>
  signingKey(): SigningKey
  sealKey(): SealKey
  /** The verification key of a key id, or undefined when no such key exists. */
  findSigning(kid: string): Promise<SigningKey | undefined>
  /** All seal keys, read again first when `kid` is not among them. */
  sealKeysFor(kid: string): Promise<readonly SealKey[]>
}

/** A key that was taken out of the ring is refused no later than this, and a new one used. */
const staleMs = 30_000
/** Forged tokens with made-up key ids must not turn into disk reads. */
const forgedMs = 1000

/** `reload` reads the ring again; without it the ring is fixed. */
export function keyHolder(initial: KeyRing, reload?: () => Promise<KeyRing>): KeyHolder {
  let ring = initial
  let readAt = performance.now()
  let askedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  async function read(again: () => Promise<KeyRing>): Promise<void> {
    const began = performance.now()
    askedAt = began
    try {
      ring = await again()
      readAt = began
    } finally {
      reading = undefined
    }
  }
  /** Whoever asks while it is being read waits for it. */
  async function refresh(): Promise<void> {
    if (reload === undefined) return
    reading ??= read(reload)
    await reading
  }
  /** A ring that could not be read is asked for again by the next one: keys of before are not good enough. */
  async function fresh(): Promise<void> {
    if (performance.now() - readAt >= staleMs) await refresh()
  }
  async function refreshUnknown(): Promise<void> {
    if (reading !== undefined || performance.now() - askedAt >= forgedMs) await refresh()
  }
  const first = <T>(keys: readonly T[]): T => keys[0] as T // importKeyRing refuses an empty list

  return {
    fresh,
    ring() {
      void fresh().catch(() => {}) // whoever needs the keys hears of it
      return ring
    },
    signingKey: () => first(ring.signing),
    sealKey: () => first(ring.seal),
    async findSigning(kid) {
      const find = () => ring.signing.find((key) => key.kid === kid)
      await fresh()
      if (find() === undefined) await refreshUnknown()
      return find()
    },
    async sealKeysFor(kid) {
      const isKnown = () => ring.seal.some((key) => key.kid === kid)
      await fresh()
      // One that was being read already may be of before the key was made: a sound record would be called altered.
      if (!isKnown()) await refresh()
      if (!isKnown()) await refresh()
      return ring.seal
    },
  }
}
