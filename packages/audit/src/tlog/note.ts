import { type KeyObject, sign, verify } from 'node:crypto'
import { decodeBase64 } from './base64.ts'
import { verifyCosignature } from './cosignature.ts'
import { isKeyName, keyId, rawPublicKey, type VerifierKey } from './keys.ts'
import { isSignatureOf, type NoteSignature } from './signature-line.ts'

export type Note = { text: string; signatures: NoteSignature[] }

/** Both limits keep a hostile file from costing time: as many signatures as Go's `sumdb/note` takes, and room for all of them. */
const maxSignatures = 100
const maxNoteLength = 1_000_000

/** Reads a C2SP signed note, exactly as strict as the format; undefined when it is none. It verifies nothing. */
export function parseNote(note: string): Note | undefined {
  if (note.length > maxNoteLength || !note.isWellFormed() || hasControls(note)) return undefined
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) return undefined
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > maxSignatures) return undefined
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = parseSignature(line)
    if (signature === undefined) return undefined
    signatures.push(signature)
  }
  return { text: note.slice(0, split + 1), signatures }
}

/** Below U+0020 only a newline may stand. */
function hasControls(text: string): boolean {
  return /[^\P{Cc}\n\u{7f}-\u{9f}]/u.test(text)
}

function parseSignature(line: string): NoteSignature | undefined {
  const [dash, name = '', base64 = '', ...more] = line.split(' ')
  if (dash !== '—' || more.length > 0 || !isKeyName(name)) return undefined
  const bytes = decodeBase64(base64)
  if (bytes === undefined || bytes.length < 5) return undefined
  return { name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4) }
}

/** Text (with its final newline), an empty line, the signature lines. Throws a RangeError when that is no note. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  const lines = signatures.map(
    ({ name, id, bytes }) => `— ${name} ${Buffer.concat([id, bytes]).toString('base64')}\n`,
  )
  const note = `${text}\n${lines.join('')}`
  if (parseNote(note)?.text !== text) {
    throw new RangeError('A note has a text that ends with a newline, and 1 to 100 signatures.')
  }
  return note
}

/** An Ed25519 signature (0x01) over a note text, under the given key name. */
export function signNote(text: string, name: string, privateKey: KeyObject): NoteSignature {
  return {
    name,
    id: keyId(name, 0x01, rawPublicKey(privateKey)),
    bytes: sign(null, Buffer.from(text), privateKey),
  }
}

/** Whether a signature line is this key's and holds for the text; `time` (POSIX seconds) for the types 0x04 and 0x06. Never throws. */
export function verifySignature(
  noteText: string,
  signature: NoteSignature,
  key: VerifierKey,
): { ok: boolean; time?: number } {
  if (!isSignatureOf(signature, key)) return { ok: false }
  if (key.type !== 0x01) return verifyCosignature(noteText, signature.bytes, key)
  if (key.publicKey === undefined || signature.bytes.length !== 64) return { ok: false }
  return { ok: verify(null, Buffer.from(noteText), key.publicKey, signature.bytes) }
}
