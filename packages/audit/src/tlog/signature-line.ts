import type { VerifierKey } from './keys.ts'

/** A signature line: key name, key id (4 bytes), and the signature behind the id. */
export type NoteSignature = { name: string; id: Buffer; bytes: Buffer }

/** Whether a signature line says that it is this key's: name and id, both. */
export function isSignatureOf(signature: NoteSignature, key: VerifierKey): boolean {
  return signature.name === key.name && signature.id.equals(key.id)
}
