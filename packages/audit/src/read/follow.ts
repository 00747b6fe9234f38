import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listSegments, listStreams } from '../folder/folder.ts'
import { assertFolderThere } from './log-there.ts'
import { type Position, type ReadOptions, type ReadRecord, readLines, toRecord } from './read.ts'

/** What is followed. Without `signal` it never ends. */
export type FollowOptions = ReadOptions & {
  signal?: AbortSignal
  /** Milliseconds between two looks at the folder. Default 250. */
  everyMs?: number
  /** Leave out what is there already. Default false. */
  fromNow?: boolean
}

/** Up to where a stream has been read. */
type Place = Position & { file: string }

/** Every record as it is written, by any process, until `signal` is aborted; each look reads only what is new. */
export async function* followRecords(options: FollowOptions): AsyncGenerator<ReadRecord> {
  const { directory, stream, from = 0, signal, everyMs = 250, fromNow = false } = options
  await assertFolderThere(directory)
  const places = new Map<string, Place>()
  let skip = fromNow
  while (signal?.aborted !== true) {
    for (const name of await listStreams(directory)) {
      if (stream !== undefined && name !== stream) continue
      for await (const one of readOn(directory, name, places)) {
        if (signal?.aborted) return
        if (!skip && one.record.seq >= from) yield one
      }
    }
    skip = false
    await sleep(everyMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

async function* readOn(
  directory: string,
  stream: string,
  places: Map<string, Place>,
): AsyncGenerator<ReadRecord> {
  const { segments } = await listSegments(join(directory, stream))
  const place = places.get(stream)
  for (const { file } of segments) {
    // Names sort in the order of their records: what comes before was read to its end.
    if (place !== undefined && file < place.file) continue
    const at = place?.file === file ? place : { offset: 0, line: 0 }
    for await (const stored of readLines(directory, stream, file, at)) {
      if (!stored.whole) break // is being written: read again next time, from its beginning
      places.set(stream, { file, offset: stored.end, line: stored.line })
      const found = toRecord(stored)
      if (found !== undefined) yield found
    }
  }
}
