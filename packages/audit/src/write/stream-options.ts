import type { AuditError } from '../errors.ts'
import type { FileLayer } from '../folder/file-layer.ts'
import type { AuditReceipt } from '../record/record.ts'

/** How one stream is written. */
export type StreamOptions = {
  files: FileLayer
  directory: string
  log: string
  stream: string
  now: () => number
  /** Milliseconds an append may take. */
  deadlineMs: number
  /** A new segment is begun when one has this many bytes. */
  segmentBytes: number
  /** Told after each sync of the records that it brought to the disk. Must not throw. */
  onSynced?: (receipts: AuditReceipt[]) => void
  /** Told once, when it refuses from now on. Must not throw. */
  onFailed?: (error: AuditError) => void
}
