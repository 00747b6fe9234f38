import type { OwnerState } from '../folder/owner.ts'
import type { Retention } from '../sink/sink.ts'

/** A stream of a source. `log` is known where the place of the stream says it: in an archive. */
export type StreamRef = { log: string | undefined; stream: string }

/** A run of whole lines. `file` is its name in reports. `stored` is when the store took it, epoch milliseconds. */
export type SourceSegment = { file: string; firstSeq: number; stored: number | undefined }

/** A signed checkpoint as it lies there. `size` is what its name says, where it says something. */
export type StoredCheckpoint = { file: string; size: number | undefined; text: string }

/** A public key of a log and the statement that rotated to it: the text of `keys/<key-id>`. */
export type StoredKey = { log: string | undefined; file: string; text: string }

/** What says that a stream was begun. `stored` as for segments. */
export type StoredAnnouncement = {
  log: string
  stream: string
  file: string
  text: string
  stored: number | undefined
}

/** A pack's own account of itself, and the proofs of the last records of streams that are not in it. */
export type StoredExcerpt = {
  text: string
  proofs: AsyncIterable<{ stream: string; text: string }>
  /** A file beside the records, by its path in the pack; undefined where it is not there. */
  read(path: string): Promise<Buffer | undefined>
  /** The names of what lies in a folder of the pack. */
  list(folder: string): Promise<string[]>
}

/** Something about the place that is wrong whatever the records say. */
export type Anomaly = {
  code: 'rewritten' | 'hidden' | 'foreign_file' | SegmentDamage['code']
  stream: string
  file: string
  message: string
}

/**
 * From a byte on. `alone`: the segments behind it are not read next. `into`: memory that chunks may lie in by turns, as each
 * is done with before the next is asked for; one is looked at while the other is filled.
 */
export type ReadAt = { offset?: number; alone?: boolean; into?: readonly [Buffer, Buffer] }

/** Where the bytes of a log come from: the folder it is written to, or an archive. Reading changes nothing. */
export interface LogSource {
  readonly kind: 'folder' | 'archive'
  /** For messages. Holds no secrets. */
  readonly name: string
  /** The streams that are there, the oldest first. An archive is listed once, by the first call. */
  streams(): Promise<StreamRef[]>
  /** In order, with the names of what lies beside them and does not belong. */
  segments(ref: StreamRef): Promise<{ segments: SourceSegment[]; others: string[] }>
  /** The bytes of a segment as they were written. Throws `SegmentDamage`, behind what can be read. */
  read(ref: StreamRef, segment: SourceSegment, options?: ReadAt): AsyncIterable<Buffer>
  /** Of growing size. */
  checkpoints(ref: StreamRef): AsyncIterable<StoredCheckpoint>
  keys(): Promise<StoredKey[]>
  announcements(): Promise<StoredAnnouncement[]>
  /** Streams that are not ended, with what is known of their processes. Undefined where nothing can be. */
  owners(): Promise<Map<string, OwnerState> | undefined>
  anomalies(): Promise<Anomaly[]>
  /** What says that this is the evidence of a period and not a whole log: the text, and a way to the proofs beside it. */
  excerpt?(): Promise<StoredExcerpt | undefined>
  /** Every object with how it is held, or those of some streams and keys; undefined where nothing is held. */
  retentions(only?: ReadonlySet<string>):
    | AsyncIterable<{
        stream: string
        file: string
        stored: number | undefined
        retention: Retention | undefined
      }>
    | undefined
}

/** A segment that cannot be read as it was written, although the store gave its bytes. */
export class SegmentDamage extends Error {
  override readonly name = 'SegmentDamage'
  readonly code: 'extra_bytes' | 'edited' | 'gap'

  constructor(code: SegmentDamage['code'], message: string) {
    super(message)
    this.code = code
  }
}
