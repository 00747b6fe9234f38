import { randomBytes } from 'node:crypto'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import { LeluError } from '../errors.ts'

/** The symmetric key that seals stored approvals. */
export type SealKey = { kid: string; secret: Buffer }

/** An Ed25519 pair; `publicJwk` is what JWKS shows. */
export type SigningKey = {
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
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

const help =
  'Restore the file from a backup, or move it away to have new keys made: calls that wait for approval under the old keys must then be asked again.'

export function keysError(what: string, cause?: unknown): LeluError {
  return new LeluError('LELU_KEYS_INVALID', `The key ring cannot be used: ${what}.`, {
    help,
    cause,
  })
}

async function newSigningKey(createdAt: number): Promise<KeyRingData['signing'][number]> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const jwk = await exportJWK(privateKey)
  return { kid: await calculateJwkThumbprint(jwk), createdAt, jwk }
}

function newSealKey(createdAt: number): KeyRingData['seal'][number] {
  return {
    kid: randomBytes(8).toString('hex'),
    createdAt,
    secret: randomBytes(32).toString('base64url'),
  }
}

/** Fresh keys of both kinds. */
export async function newKeyRing(now: number): Promise<KeyRingData> {
  return { v: 1, signing: [await newSigningKey(now)], seal: [newSealKey(now)] }
}

/** A new key of each kind in front; the old ones stay, so that what they signed and sealed can still be read. */
export async function withNewKeys(data: KeyRingData, now: number): Promise<KeyRingData> {
  return {
    v: 1,
    signing: [await newSigningKey(now), ...data.signing],
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
export async function importKeyRing(data: unknown): Promise<KeyRing> {
  if (!isKeyRingData(data))
    throw keysError('it is not a key ring of version 1 with both kinds of keys')
  try {
    const signing = await Promise.all(data.signing.map(importSigningKey))
    return { signing, seal: data.seal.map(importSealKey) }
  } catch (error) {
    throw error instanceof LeluError ? error : keysError('one of its keys is damaged', error)
  }
}

async function importSigningKey({ kid, jwk }: KeyRingData['signing'][number]): Promise<SigningKey> {
  if (
    jwk.kty !== 'OKP' ||
    jwk.crv !== 'Ed25519' ||
    typeof jwk.d !== 'string' ||
    typeof jwk.x !== 'string'
  ) {
    throw keysError(`signing key ${kid} is not a private Ed25519 key`)
  }
  // A key under another key's id would let a removed key live on.
  if ((await calculateJwkThumbprint(jwk)) !== kid)
    throw keysError(`signing key ${kid} is not the key its id names`)
  const publicJwk: JWK = { kty: 'OKP', crv: 'Ed25519', x: jwk.x, kid, alg: 'EdDSA', use: 'sig' }
  const privateKey = (await importJWK(jwk, 'EdDSA')) as CryptoKey
  const publicKey = (await importJWK(publicJwk, 'EdDSA')) as CryptoKey
  return { kid, privateKey, publicKey, publicJwk }
}

function importSealKey({ kid, secret }: KeyRingData['seal'][number]): SealKey {
  const bytes = Buffer.from(String(secret), 'base64url')
  if (bytes.length < 32) throw keysError(`seal key ${kid} is shorter than 32 bytes`)
  return { kid, secret: bytes }
}
