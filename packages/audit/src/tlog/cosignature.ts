import { type KeyObject, sign, verify } from 'node:crypto'
import { type Checkpoint, hasNoExtensions, parseCheckpointText } from './checkpoint-text.ts'
import { keyId, rawPublicKey, type VerifierKey } from './keys.ts'
import type { NoteSignature } from './signature-line.ts'

/** Adds who signed and when to a checkpoint (C2SP tlog-cosignature): 0x04 for an Ed25519 key, 0x06 for ML-DSA-44. `time` in POSIX seconds. */
export function cosign(
  noteText: string,
  name: string,
  privateKey: KeyObject,
  time: number,
): NoteSignature {
  const type = privateKey.asymmetricKeyType === 'ed25519' ? 0x04 : 0x06
  const message = cosignedMessage(type, name, noteText, time)
  if (message === undefined)
    throw new RangeError('Only a checkpoint is cosigned, at a whole second.')
  const stamp = Buffer.alloc(8)
  stamp.writeBigUInt64BE(BigInt(time))
  const bytes = Buffer.concat([stamp, sign(null, message, privateKey)])
  return { name, id: keyId(name, type, rawPublicKey(privateKey)), bytes }
}

/** `time` is what the cosigner says, in POSIX seconds; only there when the signature holds. */
export function verifyCosignature(
  noteText: string,
  bytes: Buffer,
  key: VerifierKey,
): { ok: boolean; time?: number } {
  if (key.publicKey === undefined || bytes.length !== (key.type === 0x06 ? 2428 : 72)) {
    return { ok: false }
  }
  // Beyond 2^53 the number would not be the one that was signed.
  const time = Number(bytes.readBigUInt64BE())
  const message = cosignedMessage(key.type, key.name, noteText, time)
  if (message === undefined) return { ok: false }
  if (!verify(null, message, key.publicKey, bytes.subarray(8))) return { ok: false }
  // ML-DSA cosigners write 0 when they do not say that this is the newest tree they know.
  return key.type === 0x06 && time === 0 ? { ok: true } : { ok: true, time }
}

function cosignedMessage(
  type: number,
  name: string,
  noteText: string,
  time: number,
): Buffer | undefined {
  const checkpoint = parseCheckpointText(noteText)
  if (checkpoint === undefined || !Number.isSafeInteger(time) || time < 0) return undefined
  if (type !== 0x06) return Buffer.from(`cosignature/v1\ntime ${time}\n${noteText}`)
  // It would leave further lines unsigned, and they would pass for signed.
  if (!hasNoExtensions(noteText)) return undefined
  return subtreeMessage(name, time, checkpoint)
}

/** `cosigned_message` of C2SP tlog-cosignature. */
function subtreeMessage(
  name: string,
  time: number,
  { origin, size, root }: Checkpoint,
): Buffer | undefined {
  const [nameBytes, originBytes] = [Buffer.from(name), Buffer.from(origin)]
  if (nameBytes.length > 255 || originBytes.length > 255) return undefined
  const numbers = Buffer.alloc(24)
  numbers.writeBigUInt64BE(BigInt(time), 0)
  numbers.writeBigUInt64BE(0n, 8)
  numbers.writeBigUInt64BE(BigInt(size), 16)
  return Buffer.concat([
    Buffer.from('subtree/v1\n\0'),
    Buffer.of(nameBytes.length),
    nameBytes,
    numbers.subarray(0, 8),
    Buffer.of(originBytes.length),
    originBytes,
    numbers.subarray(8),
    root,
  ])
}
