import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileLayer } from '../folder/file-layer.ts'
import { shippedFile } from '../folder/folder.ts'
import { readFlags } from '../folder/read-flags.ts'
import { type Place, streamStart } from '../write/read-leaves.ts'

/** How far a stream has come in the archive: `seq` is the next record, `size` that of the newest checkpoint there. */
export type Shipped = {
  sink: string
  place: Place
  seq: number
  size: number
  bytes: number
  announced: boolean
  /** The stream had ended, and all of it is there. */
  complete: boolean
  /** The archive holds something else: nothing more of the stream can be put there. */
  conflict: boolean
}

type Noted = {
  files: FileLayer
  directory: string
  stream: string
  /** Told how far the stream has come, also where no note can be written. */
  onProgress?: (shipped: Shipped) => void
}

/**
 * Only to begin where it ended: a note that is lost costs some answers `same`. So a disk that is full or read-only does
 * not keep from the archive what is on it.
 */
export async function note(options: Noted, shipped: Shipped): Promise<Shipped> {
  const path = join(options.directory, options.stream, shippedFile)
  options.onProgress?.(shipped)
  await options.files.replace(path, Buffer.from(JSON.stringify(shipped))).catch(() => {})
  return shipped
}

/** Says that a stream that has ended is whole in the archive. */
export const noteComplete = (options: Noted, shipped: Shipped): Promise<Shipped> =>
  note(options, { ...shipped, complete: true })

/** Says that nothing more of a stream can be put into the archive, and warns of it. */
export async function noteConflict(options: Noted, sink: string, error: Error): Promise<void> {
  process.emitWarning(error.message, { code: 'LELU_AUDIT_SINK_CONFLICT' })
  const shipped = await readShipped(options.directory, options.stream, sink)
  await note(options, { ...shipped, conflict: true })
}

export const isConflict = (error: unknown): error is Error =>
  (error as { code?: string }).code === 'LELU_AUDIT_SINK_CONFLICT'

/** How far a stream has come in this sink. */
export async function readShipped(
  directory: string,
  stream: string,
  sink: string,
): Promise<Shipped> {
  const begin: Shipped = {
    sink,
    place: streamStart,
    seq: 0,
    size: 0,
    bytes: 0,
    announced: false,
    complete: false,
    conflict: false,
  }
  try {
    const text = await readFile(join(directory, stream, shippedFile), {
      encoding: 'utf8',
      flag: readFlags,
    })
    const shipped = JSON.parse(text) as Shipped
    return shipped.sink === sink && isNote(shipped) ? shipped : begin
  } catch {
    return begin
  }
}

function isNote({ place, seq, size, bytes }: Shipped): boolean {
  const numbers = [seq, size, bytes, place.offset]
  return typeof place.file === 'string' && numbers.every((one) => Number.isSafeInteger(one))
}
