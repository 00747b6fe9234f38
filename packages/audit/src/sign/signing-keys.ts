import type { CheckpointSigner } from '../tlog/checkpoint.ts'
import { addRevision, newestNumber, type Revision, readNewest, removeBefore } from './key-folder.ts'
import {
  importKeys,
  type KeyRing,
  newKeyRing,
  operatorOf,
  type PublicKeyFile,
  signsAt,
  unusable,
  withNewKey,
} from './key-ring.ts'
import { assertMldsa } from './private-key-text.ts'

export type SigningKeyOptions = {
  /** Outside the folder of the log: whoever may copy the log must not be able to sign it. */
  folder: string
  /** Name of the log: the keys' name. */
  log: string
  /** Sign with ML-DSA-44 too. Default: as the keys that are there, and not for new ones. */
  postQuantum?: boolean
  /** Default `Date.now`. */
  now?: () => number | Date
}

export type SigningKeys = {
  /** vkey (type 0x04) of the active key: what a trust policy names. */
  readonly operator: string
  /** Who signs a checkpoint now: the active key, and for 24 hours after a rotation the one before it. */
  signers(): CheckpointSigner[]
  /** What belongs into the `keys` folder of the log and of the archive: every key the log ever had, the first one first. */
  publicFiles(): PublicKeyFile[]
  /** Takes up a rotation; true when there was one. One readdir when there was none: call it before each checkpoint. */
  reload(): Promise<boolean>
}

/** How long a replaced key goes on signing: whoever runs takes up the new one at its next checkpoint. */
const overlapMs = 24 * 60 * 60 * 1000

/**
 * Opens the signing keys of a log; the first process that finds none makes one (file mode 0600).
 * The keys themselves are imported with the first signature. Throws `LELU_AUDIT_KEYS_UNUSABLE`, and
 * `LELU_AUDIT_KEY_UNSUPPORTED` when `postQuantum` is asked of a Node without ML-DSA.
 */
export async function openSigningKeys(options: SigningKeyOptions): Promise<SigningKeys> {
  const { folder, log, postQuantum = false, now = Date.now } = options
  let current = await readNewest(folder, log)
  if (current === undefined) {
    await addRevision(folder, { number: 1, ring: newKeyRing(log, postQuantum) })
    current = await readNewest(folder, log)
    if (current === undefined) throw unusable(`the keys in ${folder} were removed at once`)
  }
  if (postQuantum) assertPostQuantum(current.ring)
  return signingKeysOf(options, current, () => Number(now()))
}

function signingKeysOf(
  { folder, log }: SigningKeyOptions,
  first: Revision,
  now: () => number,
): SigningKeys {
  let current = first
  let imported: ReturnType<typeof importKeys> | undefined
  return {
    get operator() {
      return operatorOf(current.ring)
    },
    signers() {
      imported ??= importKeys(current.ring)
      const time = now()
      return imported.filter((key) => signsAt(key, time)).map(({ signer }) => signer)
    },
    publicFiles: () => [...current.ring.public],
    async reload() {
      if ((await newestNumber(folder)) === current.number) return false
      const newest = await readNewest(folder, log)
      // Keys that are gone go on signing: the log stays whole until it is opened again.
      if (newest === undefined || newest.number <= current.number) return false
      current = newest
      imported = undefined
      return true
    },
  }
}

/** What a rotation has done. */
export type KeyRotation = {
  /** vkeys (type 0x04) of the new and the old key. */
  operator: string
  replaced: string
  /** Until when both sign. */
  until: Date
}

/**
 * Puts a new key in front of a log's signing keys, with a statement that both sign. Processes that run take it up
 * at their next checkpoint; both keys sign for 24 hours, and the old one is erased with the rotation after that.
 * Against a stolen key this does not help: the thief can sign a statement too, so tell those who trust it.
 * Throws `LELU_AUDIT_KEYS_UNUSABLE`; after that the keys are as they were.
 */
export async function rotateSigningKey({
  folder,
  log,
  postQuantum,
  now = Date.now,
}: SigningKeyOptions): Promise<KeyRotation> {
  const current = await readNewest(folder, log)
  if (current === undefined) throw unusable(`${folder} has no keys yet`)
  const time = new Date(Number(now()))
  const until = new Date(time.getTime() + overlapMs)
  const withMldsa = postQuantum ?? current.ring.keys[0]?.mldsa !== undefined
  // A key that does not import must not vouch for its successor.
  importKeys(current.ring)
  const ring = withNewKey(current.ring, withMldsa, time, until)
  const number = current.number + 1
  if (!(await addRevision(folder, { number, ring }))) {
    throw unusable('another process has just rotated them; this rotation was not made')
  }
  await removeBefore(folder, number)
  return { operator: operatorOf(ring), replaced: operatorOf(current.ring), until }
}

function assertPostQuantum(ring: KeyRing): void {
  if (ring.keys[0]?.mldsa === undefined) {
    throw unusable('`postQuantum` is asked for and they have no ML-DSA key; rotate with it once')
  }
  assertMldsa()
}
