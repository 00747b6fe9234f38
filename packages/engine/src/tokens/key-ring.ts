import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import type { JWK } from 'jose'
import { LeluError } from '../errors.ts'

/** The symmetric key that seals stored approvals. */
export type SealKey = { kid: string; secret: KeyObject }

/** An Ed25519 pair; `publicJwk` is what JWKS shows. */
export type SigningKey = {
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
  publicJwk: JWK
}

/** The newest key of each kind comes first and is used; older ones still verify. */
export type KeyRing = { signing: readonly SigningKey[]; seal: readonly SealKey[] }

/** The stored form: private JWKs (RFC 8037, 7517) with the epoch ms they were made at. Secret. */
export type KeyRingData = {
  v: 1
  signing: { kid: string; createdAt: number; jwk: JWK }[]
  seal: { kid: string; createdAt: number; secret: string }[]
}

const damaged =
  'Restore the file from a backup, or move it away to have new keys made: calls that wait for approval under the old keys must then be asked again.'

/** `help`: what to do where the keys themselves are not what is wrong. */
export function keysError(what: string, cause?: unknown, help: string = damaged): LeluError {
  return new LeluError('LELU_KEYS_INVALID', `The key ring cannot be used: ${what}.`, {
    help,
    cause,
  })
}

/** RFC 7638: the thumbprint of an Ed25519 key, by which it is known. */
function thumbprint(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url')
}

function newSigningKey(createdAt: number): KeyRingData['signing'][number] {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK
  return { kid: thumbprint(jwk.x ?? ''), createdAt, jwk }
}

function newSealKey(createdAt: number): KeyRingData['seal'][number] {
  return {
    kid: randomBytes(8).toString('hex'),
    createdAt,
    secret: randomBytes(32).toString('base64url'),
  }
}

/** Fresh keys of both kinds. */
export function newKeyRing(now: number): KeyRingData {
  return { v: 1, signing: [newSigningKey(now)], seal: [newSealKey(now)] }
}

/** A new key of each kind in front; the old ones stay, so that what they signed and sealed can still be read. */
export function withNewKeys(data: KeyRingData, now: number): KeyRingData {
  return {
    v: 1,
    signing: [newSigningKey(now), ...data.signing],
    seal: [newSealKey(now), ...data.seal],
  }
}

function isKeyRingData(data: unknown): data is KeyRingData {
  const ring = data as Partial<KeyRingData> | null
  if (typeof ring !== 'object' || ring === null || ring.v !== 1) return false
  const entries = [ring.signing, ring.seal]
  return entries.every(
    (list) =>
      Array.isArray(list) && list.length > 0 && list.every((e) => typeof e?.kid === 'string'),
  )
}

/** Checks and imports a stored key ring. Throws `LELU_KEYS_INVALID`; no key material is in the message. */
export function importKeyRing(data: unknown): KeyRing {
  if (!isKeyRingData(data))
    throw keysError('it is not a key ring of version 1 with both kinds of keys')
  try {
    return { signing: data.signing.map(importSigningKey), seal: data.seal.map(importSealKey) }
  } catch (error) {
    throw error instanceof LeluError ? error : keysError('one of its keys is damaged', error)
  }
}

function importSigningKey({ kid, jwk }: KeyRingData['signing'][number]): SigningKey {
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string') {
    throw keysError(`signing key ${kid} is not a private Ed25519 key`)
  }
  const privateKey = createPrivateKey({ key: jwk as never, format: 'jwk' })
  const publicKey = createPublicKey(privateKey)
  // The private half alone signs: a public half, or an id, of another key would let a removed key live on.
  const { x } = publicKey.export({ format: 'jwk' })
  if (x !== jwk.x || thumbprint(jwk.x) !== kid)
    throw keysError(`signing key ${kid} is not the key its id names`)
  const publicJwk: JWK = { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' }
  return { kid, privateKey, publicKey, publicJwk }
}

function importSealKey({ kid, secret }: KeyRingData['seal'][number]): SealKey {
  const bytes = Buffer.from(String(secret), 'base64url')
  if (bytes.length < 32) throw keysError(`seal key ${kid} is shorter than 32 bytes`)
  // A key object: an HMAC with raw bytes takes four times as long.
  return { kid, secret: createSecretKey(bytes) }
}
