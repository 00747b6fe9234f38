import type { FileLayer } from '../folder/file-layer.ts'
import type { ShippingSink } from './guarded-sink.ts'
import type { Shipped } from './shipped.ts'
import type { SinkCheck } from './sink.ts'

/** What brings a stream into an archive. */
export type ShipOptions = {
  files: FileLayer
  directory: string
  log: string
  stream: string
  sink: ShippingSink
  check: SinkCheck
  /** Texts of the log's public key files by key id. */
  keys: () => Promise<readonly { name: string; text: string }[]>
  /** Bytes of records in one object. */
  segmentBytes: number
  /** Ends the work before the next object. */
  signal?: AbortSignal
  onProgress?: (shipped: Shipped) => void
}
