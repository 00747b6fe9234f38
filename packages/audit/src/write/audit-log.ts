import type { AuditError } from '../errors.ts'
import type { AuditEvent } from '../record/event.ts'
import type { AuditReceipt } from '../record/record.ts'
import type { Backlog } from '../sink/shipper.ts'
import type { AppendOptions } from './append-options.ts'
import type { Sealed } from './sealer.ts'

/** An append-only, hash-chained log in a folder, signed by checkpoints. One stream for each process that writes. */
export interface AuditLog {
  readonly log: string
  /** The stream of this process. It changes when a disk failed and works again; nothing exists of it before the first record. */
  readonly stream: string
  readonly directory: string
  /** `failed`: appends are refused, at most one a second tries to begin a new stream. */
  readonly state: 'open' | 'failed' | 'closed'
  /** Options that make it weaker than it is by default, such as `durability: async`. */
  readonly weakened: readonly string[]
  /** The newest checkpoint of the stream. */
  readonly sealed: Sealed | undefined
  /** What waits for the archive; undefined without one. `failure`: why nothing reaches it now. */
  readonly archive: (Backlog & { sink: string; failure: AuditError | undefined }) | undefined
  /**
   * Answers when the record is on disk (or as `durability` says), or sooner if told so. Throws `LELU_AUDIT_UNAVAILABLE`
   * when it cannot be (or not in time), `LELU_AUDIT_CLOSED`, `LELU_AUDIT_RECORD_INVALID`, `LELU_AUDIT_RECORD_TOO_LARGE`,
   * `LELU_JSON_INVALID`.
   */
  append(event: AuditEvent, options?: AppendOptions): Promise<AuditReceipt>
  /** Answers when everything appended so far is on disk. Throws `LELU_AUDIT_UNAVAILABLE` when it may not be. */
  flush(): Promise<void>
  /** Signs a checkpoint of everything that is on disk; by itself the log does so within a second. */
  seal(): Promise<Sealed | undefined>
  /** Brings everything into the archive now; by itself the log does so within seconds. False when some is left. */
  ship(): Promise<boolean>
  /** Ends the stream with a close record and a checkpoint, after what was appended before. Never throws. */
  close(): Promise<void>
}
