import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, ownersFolder } from '../folder/folder.ts'
import { leaseMs } from '../folder/lease.ts'
import { listOwned, type Owned } from '../folder/ownership.ts'
import { checkpointSize } from '../read/checkpoint-size.ts'
import type { Until } from './batches.ts'

/** Records from `from` on that no checkpoint covers, of a stream whose process is gone. Told once for each stream. */
export type Unsealed =
  /** They wait for the process that signs the end of the stream. */
  | { type: 'held'; stream: string; from: number }
  /** Nobody has signed them in time, or will: they are sent as they are, and no checkpoint vouches for them. */
  | { type: 'unsealed'; stream: string; from: number }

export type SealedOptions = {
  directory: string
  onEvent: (event: Unsealed) => void
  /** Milliseconds that a stream may be left without its end being signed. Default 15 minutes, as for a lease. */
  waitMs?: number | undefined
}

/**
 * Sends what a checkpoint covers. The end of a stream whose process has died is signed by the next process that opens the
 * log; where none does, or where it was altered and is signed by nobody, it is told and sent, rather than never seen.
 */
export function sealedOnly({ directory, onEvent, waitMs = leaseMs }: SealedOptions): Until {
  const told = new Set<string>()

  function tell(event: Unsealed): void {
    const { type, stream } = event
    if (told.has(`${type} ${stream}`)) return
    told.add(`${type} ${stream}`)
    onEvent(event)
  }

  return async (stream, seq) => {
    const sealed = await sealedSize(directory, stream)
    if (sealed > seq) return sealed
    const notes = await notesOf(directory, stream)
    // Between the two looks its process may have signed it, and ended.
    const size = await sealedSize(directory, stream)
    if (size > seq || notes.some(({ state }) => state === 'alive')) return size
    const isLeft = notes.length === 0 || (await silentMs(directory, stream, notes)) > waitMs
    tell({ type: isLeft ? 'unsealed' : 'held', stream, from: seq })
    return isLeft ? undefined : size
  }
}

const sealedSize = async (directory: string, stream: string): Promise<number> =>
  (await checkpointSize(directory, stream)) ?? 0

/** The notes about who writes or ends it; none once it has ended, however that came. */
async function notesOf(directory: string, stream: string): Promise<Owned[]> {
  const list = async () => {
    const all = await listOwned(directory)
    const own = all.filter((one) => one.stream === stream)
    // Whoever ends it for a dead process writes a stream himself.
    const enders = all.filter((one) => own.some(({ claimer }) => claimer === one.stream))
    return [...own, ...enders]
  }
  const found = await list()
  // A listing can miss a note that is being renamed.
  return found.length > 0 ? found : list()
}

/** How long nobody has written to the stream, nor renewed the note about it. */
async function silentMs(
  directory: string,
  stream: string,
  notes: readonly Owned[],
): Promise<number> {
  const last = (await listSegments(join(directory, stream))).segments.at(-1)?.file ?? ''
  const paths = [
    join(directory, stream, last),
    ...notes.map(({ file }) => join(directory, ownersFolder, file)),
  ]
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  )
  return Date.now() - Math.max(...times)
}
