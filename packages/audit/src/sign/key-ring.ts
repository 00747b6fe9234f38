import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { AuditError } from '../errors.ts'
import type { CheckpointSigner } from '../tlog/checkpoint.ts'
import { formatVkey, parseVkey, rawPublicKey } from '../tlog/keys.ts'
import { formatKeyFile, signRotation } from '../tlog/rotation.ts'
import {
  formatMldsaKey,
  formatPrivateKey,
  generateMldsaKey,
  parseMldsaKey,
  parsePrivateKey,
} from './private-key-text.ts'

/** A private key as it is stored. `until`: the time (ISO 8601) until which a replaced key still signs. */
type StoredKey = { key: string; mldsa?: string; until?: string }

/** A file of the archive's `keys` folder: its name is the id of the key. */
export type PublicKeyFile = { name: string; text: string }

/** The file of a log's signing keys. Secret. */
export type KeyRing = {
  v: 1
  log: string
  /** The active key, then those that it replaced. */
  keys: StoredKey[]
  /** Every key that the log ever had, the first one first. */
  public: PublicKeyFile[]
}

export function newKeyRing(log: string, postQuantum: boolean): KeyRing {
  const { stored, vkeys, id } = newKey(log, postQuantum)
  return { v: 1, log, keys: [stored], public: [{ name: id, text: formatKeyFile(vkeys) }] }
}

/** The same log with a new active key; the one before signs beside it until `until`. */
export function withNewKey(ring: KeyRing, postQuantum: boolean, now: Date, until: Date): KeyRing {
  const [active, ...replaced] = ring.keys
  if (active === undefined) throw unusable('the file has no key')
  const { stored, vkeys, id, privateKey } = newKey(ring.log, postQuantum)
  const statement = signRotation(ring.log, parsePrivateKey(active.key).key, privateKey)
  return {
    ...ring,
    keys: [
      stored,
      { ...active, until: until.toISOString() },
      ...replaced.filter((key) => signsAt(key, now.getTime())),
    ],
    public: [...ring.public, { name: id, text: formatKeyFile(vkeys, statement) }],
  }
}

function newKey(
  log: string,
  postQuantum: boolean,
): { stored: StoredKey; vkeys: string[]; id: string; privateKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('ed25519')
  const operator = vkeyOf(log, privateKey)
  const id = parseVkey(operator).id.toString('hex')
  const key = formatPrivateKey(log, privateKey)
  if (!postQuantum) return { stored: { key }, vkeys: [operator], id, privateKey }
  const mldsa = generateMldsaKey()
  const vkeys = [operator, formatVkey(log, 0x06, rawPublicKey(mldsa))]
  return { stored: { key, mldsa: formatMldsaKey(mldsa) }, vkeys, id, privateKey }
}

function vkeyOf(log: string, key: KeyObject): string {
  return formatVkey(log, 0x04, rawPublicKey(key))
}

/** Whether a stored key signs at a time (epoch milliseconds). */
export function signsAt({ until }: { until?: string }, now: number): boolean {
  return until === undefined || now < Date.parse(until)
}

/** vkey (type 0x04) of the active key. */
export function operatorOf({ public: files }: KeyRing): string {
  return files.at(-1)?.text.split('\n')[0] ?? ''
}

/** Imports the keys; those of ML-DSA only where this Node has it. Throws `LELU_AUDIT_KEYS_UNUSABLE`. */
export function importKeys(ring: KeyRing): { signer: CheckpointSigner; until?: string }[] {
  try {
    const imported = ring.keys.map(({ key: text, mldsa: mldsaText, until }) => {
      const { name, key } = parsePrivateKey(text)
      if (name !== ring.log) throw new Error('a key has another name than the log')
      const mldsa = mldsaText === undefined ? undefined : parseMldsaKey(mldsaText)
      const signer = { name, privateKey: key, ...(mldsa === undefined ? {} : { mldsa }) }
      return { signer, ...(until === undefined ? {} : { until }) }
    })
    const active = imported[0]?.signer.privateKey
    if (active === undefined || vkeyOf(ring.log, active) !== operatorOf(ring)) {
      throw new Error('the active key is not the newest public one')
    }
    return imported
  } catch (error) {
    throw unusable((error as Error).message)
  }
}

/** The text of a key ring file. Throws `LELU_AUDIT_KEYS_UNUSABLE`, with nothing of the text in it. */
export function parseKeyRing(text: string, log: string): KeyRing {
  let ring: KeyRing
  try {
    ring = JSON.parse(text) as KeyRing
  } catch {
    // Without the cause: a JSON error quotes the text, and the text is the key.
    throw unusable('the file is not JSON')
  }
  if (ring?.v !== 1 || !isList(ring.keys, ['key']) || !isList(ring.public, ['name', 'text'])) {
    throw unusable('the file is not a key ring of version 1')
  }
  if (ring.log !== log) {
    throw unusable(`the folder has the keys of the log ${ring.log}, and this is ${log}`)
  }
  return ring
}

function isList(value: unknown, members: readonly string[]): boolean {
  if (!Array.isArray(value) || value.length === 0) return false
  return value.every((one) => members.every((name) => typeof one?.[name] === 'string'))
}

/** A log whose keys cannot be used signs nothing, and is not opened. */
export function unusable(why: string, cause?: unknown): AuditError {
  return new AuditError(
    'LELU_AUDIT_KEYS_UNUSABLE',
    `The signing keys of the audit log cannot be used: ${why}.`,
    {
      help: 'Restore the folder of the keys from a backup, or name the right one. With a new key, whoever trusts the old one has to be told.',
      cause,
    },
  )
}
