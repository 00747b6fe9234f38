import type { SigningKeys } from '../sign/signing-keys.ts'
import { type Checkpoint, parseCheckpoint } from '../tlog/checkpoint.ts'
import { noteKeyOf, parseVkey, type VerifierKey } from '../tlog/keys.ts'
import { verifySignature } from '../tlog/note.ts'

/** The checkpoint of a stream, or undefined when no key of this log has signed it. */
export type OwnCheckpoint = (stream: string, text: string) => Promise<Checkpoint | undefined>

export function ownCheckpoint(log: string, keys: () => Promise<SigningKeys>): OwnCheckpoint {
  return async (stream, text) => {
    const checkpoint = parseCheckpoint(text)
    const origin = `${log}/${stream}`
    if (checkpoint === undefined || checkpoint.origin !== origin) return undefined
    const trusted = verifiersOf((await keys()).publicFiles(), origin)
    const signed = checkpoint.signatures.some((signature) =>
      trusted.some((key) => verifySignature(checkpoint.note, signature, key).ok),
    )
    return signed ? checkpoint : undefined
  }
}

/** Every key that this log ever had, as a signer of the origin. */
function verifiersOf(files: readonly { text: string }[], origin: string): VerifierKey[] {
  return files.map(({ text }) => noteKeyOf(parseVkey(text.split('\n')[0] ?? ''), origin))
}
