import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { AuditError } from '../errors.ts'
import { decodeBase64 } from '../tlog/base64.ts'
import { invalidKey, isKeyName, keyId, rawPublicKey } from '../tlog/keys.ts'

// An Ed25519 private key in PKCS #8 (RFC 8410) is these bytes and its seed of 32.
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** `PRIVATE+KEY+<name>+<id>+<base64>`, as Go's sumdb/note writes a signer. Secret. */
export function formatPrivateKey(name: string, key: KeyObject): string {
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
  const id = keyId(name, 0x01, rawPublicKey(key)).toString('hex')
  return `PRIVATE+KEY+${name}+${id}+${Buffer.concat([Buffer.of(0x01), seed]).toString('base64')}`
}

/** Throws `LELU_AUDIT_KEY_INVALID`, with nothing of the text in it. */
export function parsePrivateKey(text: string): { name: string; key: KeyObject } {
  const [first, second, name = '', id, ...rest] = text.split('+')
  const bytes = decodeBase64(rest.join('+'))
  if (first !== 'PRIVATE' || second !== 'KEY' || !isKeyName(name)) {
    throw invalidKey('it is not PRIVATE+KEY+<name>+<8 hex digits>+<base64>')
  }
  if (bytes?.length !== 33 || bytes[0] !== 0x01) throw invalidKey('it is no Ed25519 seed')
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8Head, bytes.subarray(1)]),
    format: 'der',
    type: 'pkcs8',
  })
  if (keyId(name, 0x01, rawPublicKey(key)).toString('hex') !== id) {
    throw invalidKey('its id is not that of its name and key')
  }
  return { name, key }
}

/** Base64 of the PKCS #8 form of an ML-DSA-44 key. Secret. */
export function formatMldsaKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64')
}

/** Undefined where this Node has no ML-DSA. Throws `LELU_AUDIT_KEY_INVALID`, with nothing of the text in it. */
export function parseMldsaKey(text: string): KeyObject | undefined {
  if (!hasMldsa()) return undefined
  const bytes = decodeBase64(text)
  if (bytes === undefined) throw invalidKey('it is not base64')
  try {
    const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
    if (key.asymmetricKeyType === 'ml-dsa-44') return key
  } catch {
    // Without the cause: it could quote the key.
  }
  throw invalidKey('it is no ML-DSA-44 key')
}

let generates: boolean | undefined

/** Whether this Node can make and use ML-DSA-44 keys: from Node 24 on, with OpenSSL 3.5. */
function hasMldsa(): boolean {
  generates ??= canGenerate()
  return generates
}

function canGenerate(): boolean {
  try {
    generateKeyPairSync('ml-dsa-44')
    return true
  } catch {
    return false
  }
}

/** Throws `LELU_AUDIT_KEY_UNSUPPORTED` where this Node has no ML-DSA. */
export function assertMldsa(): void {
  if (hasMldsa()) return
  throw new AuditError(
    'LELU_AUDIT_KEY_UNSUPPORTED',
    `Node ${process.versions.node} has no ML-DSA, which post-quantum signatures need.`,
    { help: 'Run Node 24 or newer, or leave out `postQuantum`: Ed25519 signs in any case.' },
  )
}

/** A new ML-DSA-44 key. Throws `LELU_AUDIT_KEY_UNSUPPORTED`. */
export function generateMldsaKey(): KeyObject {
  assertMldsa()
  return generateKeyPairSync('ml-dsa-44').privateKey
}
