import type { KeyObject } from 'node:crypto'
import { type Checkpoint, checkpointText, parseCheckpointText } from './checkpoint-text.ts'
import { cosign } from './cosignature.ts'
import { formatNote, parseNote, signNote } from './note.ts'
import type { NoteSignature } from './signature-line.ts'

export { type Checkpoint, checkpointText } from './checkpoint-text.ts'

/** A key of a log; `name` is the log's, without the stream. */
export type CheckpointSigner = { name: string; privateKey: KeyObject; mldsa?: KeyObject }

/** As it was read; `note` is the text that is signed. Nothing of it is verified. */
export type ParsedCheckpoint = Checkpoint & { note: string; signatures: NoteSignature[] }

/** Reads a signed checkpoint (C2SP tlog-checkpoint); undefined when it is none. */
export function parseCheckpoint(text: string): ParsedCheckpoint | undefined {
  const note = parseNote(text)
  if (note === undefined) return undefined
  const checkpoint = parseCheckpointText(note.text)
  if (checkpoint === undefined) return undefined
  return { ...checkpoint, note: note.text, signatures: note.signatures }
}

/**
 * Signs with each key thrice: as the origin (0x01, what every C2SP client reads), and as the log with the time
 * (0x04, and 0x06 where there is an ML-DSA key). `time` in POSIX seconds.
 * The caller has made sure that the tree is consistent with all that was signed before.
 */
export function signCheckpoint(
  checkpoint: Checkpoint,
  signers: readonly CheckpointSigner[],
  time: number,
): string {
  const text = checkpointText(checkpoint)
  const signatures = signers.flatMap(({ name, privateKey, mldsa }) => [
    signNote(text, checkpoint.origin, privateKey),
    cosign(text, name, privateKey, time),
    ...(mldsa === undefined ? [] : [cosign(text, name, mldsa, time)]),
  ])
  return formatNote(text, signatures)
}
