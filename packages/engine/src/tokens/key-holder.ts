import type { KeyRing, SealKey, SigningKey } from './key-ring.ts'

/** The keys as they are now. Another process may rotate them: an unknown key id is looked up anew, once. */
export type KeyHolder = {
  ring(): KeyRing
  signingKey(): SigningKey
  sealKey(): SealKey
  /** The verification key of a key id, or undefined when no such key exists. */
  findSigning(kid: string): Promise<SigningKey | undefined>
  /** All seal keys, read again first when `kid` is not among them. */
  sealKeysFor(kid: string): Promise<readonly SealKey[]>
}

/** `reload` reads the ring again; without it the ring is fixed. */
export function keyHolder(initial: KeyRing, reload?: () => Promise<KeyRing>): KeyHolder {
  let ring = initial
  let lastReload = 0
  async function refresh(): Promise<void> {
    // At most once a second: forged tokens with made-up key ids must not turn into disk reads.
    if (reload === undefined || Date.now() - lastReload < 1000) return
    lastReload = Date.now()
    ring = await reload()
  }
  const first = <T>(keys: readonly T[]): T => keys[0] as T // importKeyRing refuses an empty list

  return {
    ring: () => ring,
    signingKey: () => first(ring.signing),
    sealKey: () => first(ring.seal),
    async findSigning(kid) {
      const find = () => ring.signing.find((key) => key.kid === kid)
      if (find() === undefined) await refresh()
      return find()
    },
    async sealKeysFor(kid) {
      if (!ring.seal.some((key) => key.kid === kid)) await refresh()
      return ring.seal
    },
  }
}
