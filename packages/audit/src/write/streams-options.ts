import type { AuditError } from '../errors.ts'
import type { FileLayer } from '../folder/file-layer.ts'
import type { GenesisRecord } from '../record/record.ts'
import type { SigningKeys } from '../sign/signing-keys.ts'
import type { LiveStream } from './live-stream.ts'

/** How the streams of one process are written, one after the other. */
export type StreamsOptions = {
  files: FileLayer
  directory: string
  log: string
  node: string | undefined
  now: () => number
  deadlineMs: number
  segmentBytes: number
  sealMs: number
  /** Milliseconds from a failure to the next try. */
  retryMs: number
  keys: () => Promise<SigningKeys>
  genesis: Pick<GenesisRecord, 'durability' | 'sink'>
  onBegun: (stream: LiveStream) => void
  /** The stream takes no more records. Must not throw. */
  onFailed: (stream: string, error: AuditError) => void
}
