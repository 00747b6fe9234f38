import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { AuditError } from '../errors.ts'
import { decodeBase64 } from './base64.ts'

/** C2SP signed-note: 0x01 Ed25519, 0x04 Ed25519 cosignature with a time, 0x06 ML-DSA-44 cosignature. */
export type SignatureType = 0x01 | 0x04 | 0x06

/** Who may have signed a note. `publicKey` is undefined where this Node has no ML-DSA: its signatures are then unknown ones. */
export type VerifierKey = {
  name: string
  /** Four bytes: `keyId` of the three others. */
  id: Buffer
  type: SignatureType
  publicKey: KeyObject | undefined
  raw: Buffer
}

const rawLength: Record<SignatureType, number> = { 1: 32, 4: 32, 6: 1312 }
const spkiHead = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  mldsa44: Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
}

/** Names of keys in signed notes: not empty, no spaces of any script, no plus, no ASCII control characters. */
export function isKeyName(name: string): boolean {
  const refused = /[\p{White_Space}+]|(?![\u{7f}-\u{9f}])\p{Cc}/u
  return name !== '' && name.isWellFormed() && !refused.test(name)
}

/** C2SP signed-note: the first four bytes of SHA-256(name, newline, type, public key). */
export function keyId(name: string, type: SignatureType, raw: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), raw])
  return hash('sha256', bytes, 'buffer').subarray(0, 4)
}

/** `<name>+<8 hex digits of the id>+<base64 of type and public key>`. Throws `LELU_AUDIT_KEY_INVALID`. */
export function formatVkey(name: string, type: SignatureType, raw: Buffer): string {
  if (!isKeyName(name)) throw invalidKey('its name has spaces, control characters or a plus')
  if (raw.length !== rawLength[type]) throw invalidKey('its length is not that of its type')
  const id = keyId(name, type, raw).toString('hex')
  return `${name}+${id}+${Buffer.concat([Buffer.of(type), raw]).toString('base64')}`
}

/** Reads a vkey of the types 0x01, 0x04 and 0x06. Throws `LELU_AUDIT_KEY_INVALID`. */
export function parseVkey(text: string): VerifierKey {
  const [name = '', id = '', ...rest] = text.split('+')
  const bytes = decodeBase64(rest.join('+'))
  if (!isKeyName(name) || !/^[0-9a-f]{8}$/.test(id) || bytes === undefined) {
    throw invalidKey('it is not <name>+<8 hex digits>+<base64>')
  }
  const type = bytes[0] as SignatureType
  if (!Object.hasOwn(rawLength, type)) throw invalidKey('its signature type is not 1, 4 or 6')
  const raw = bytes.subarray(1)
  if (raw.length !== rawLength[type]) throw invalidKey('its length is not that of its type')
  const expected = keyId(name, type, raw)
  if (expected.toString('hex') !== id) throw invalidKey('its id is not that of its name and key')
  return { name, id: expected, type, publicKey: importRaw(type, raw), raw }
}

function importRaw(type: SignatureType, raw: Buffer): KeyObject | undefined {
  const head = type === 6 ? spkiHead.mldsa44 : spkiHead.ed25519
  try {
    const key = createPublicKey({ key: Buffer.concat([head, raw]), format: 'der', type: 'spki' })
    // Node 22 takes an ML-DSA key for one of a type without a name, with which it cannot verify.
    return type === 6 && key.asymmetricKeyType !== 'ml-dsa-44' ? undefined : key
  } catch {
    if (type === 6) return undefined
    throw invalidKey('it is no point of its curve')
  }
}

/** The same Ed25519 key as a signer of notes (type 0x01) under this name, such as an operator's under an origin. */
export function noteKeyOf({ publicKey, raw }: VerifierKey, name: string): VerifierKey {
  return { name, id: keyId(name, 0x01, raw), type: 0x01, publicKey, raw }
}

const raws = new WeakMap<KeyObject, Buffer>()

/** The public half of an Ed25519 (32 bytes) or ML-DSA-44 key (1,312 bytes), as vkeys hold it. Throws `LELU_AUDIT_KEY_INVALID`. */
export function rawPublicKey(key: KeyObject): Buffer {
  const known = raws.get(key)
  if (known !== undefined) return known
  const length = { ed25519: 32, 'ml-dsa-44': 1312 }[key.asymmetricKeyType as string]
  if (length === undefined) throw invalidKey('it is neither an Ed25519 nor an ML-DSA-44 key')
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-length)
  raws.set(key, raw)
  return raw
}

/** Names no key: a text that was meant to be public can hold a private one. */
export function invalidKey(why: string): AuditError {
  return new AuditError('LELU_AUDIT_KEY_INVALID', `A key of the audit log is not valid: ${why}.`, {
    help: 'Take the key from the keys folder of the log, or from whoever gave it to you, once more and whole.',
  })
}
