/**
 * Where the archive of a log is kept: objects that are written once and never again. Keys are those of `layout.ts`,
 * relative to the sink's own root.
 */
export interface AuditSink {
  /** For messages and records, such as `s3://bucket/prefix`. Holds no secrets. */
  readonly name: string
  /** Shows at start what the store really does. Throws `LELU_AUDIT_SINK_UNSAFE` when it has to be immutable and is not. */
  check(): Promise<SinkCheck>
  /**
   * Stores an object that is never overwritten. `same`: it is there with these very bytes, as after a lost reply.
   * `different`: other bytes stand under the key, and stay what `get` answers.
   */
  put(key: string, bytes: Buffer, contentType: string): Promise<PutResult>
  /** The bytes of the oldest version; undefined when there is none. */
  get(key: string): Promise<Buffer | undefined>
  /**
   * The objects whose keys begin with `prefix`, in the order of their keys' bytes; with `after`, those behind that key.
   * Hidden ones are among them.
   */
  list(prefix: string, after?: string): AsyncIterable<SinkObject>
  /** How the oldest version of an object is held; undefined when there is no such object or the store cannot say. */
  retention(key: string): Promise<Retention | undefined>
  close(): Promise<void>
}

/** What became of an object: see `put` of `AuditSink`. */
export type PutResult = 'stored' | 'same' | 'different'

/** An object as the store lists it. */
export type SinkObject = {
  key: string
  /** Bytes of the oldest version. 0 when nothing but delete markers is left. */
  size: number
  /** How often it was written. Anything but 1 is somebody's attempt to replace or to remove it. */
  versions: number
  /** Whether somebody put a delete marker on it. */
  hidden: boolean
  /** When the oldest version was stored, by the store's clock: ISO 8601. */
  modified: string | null
}

/** The modes of S3 Object Lock: nobody lifts `COMPLIANCE`, who has the permission lifts `GOVERNANCE`. */
export type LockMode = 'COMPLIANCE' | 'GOVERNANCE'

/** How an object is held. `mode` and `until` are null when nothing holds it. */
export type Retention = {
  mode: LockMode | null
  /** ISO 8601. */
  until: string | null
  legalHold: boolean
}

/** One thing that was tried against the store. */
export type SinkFinding = { check: string; ok: boolean; detail: string }

/** What a store was seen to do. Goes into the announcement of each stream. */
export type SinkCheck = {
  sink: string
  /** Whether it refused to change and to delete what it holds. */
  immutable: boolean
  mode: LockMode | null
  /** For how long each object is held. */
  days: number | null
  /** ISO 8601, by the store's clock where it has one. */
  checked: string
  findings: SinkFinding[]
}
