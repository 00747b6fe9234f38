import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, listStreams } from '../folder/folder.ts'
import { assertLogThere } from './log-there.ts'
import { readLines, toRecord } from './read.ts'
import { type FoundRecord, type ScanOptions, scanStream } from './scan.ts'

/** How much of the log has been read, in bytes. */
export type ScanProgress = { read: number; total: number }

export type ScanLogOptions = Omit<ScanOptions, 'stream' | 'onBytes'> & {
  onProgress?: ((progress: ScanProgress) => void) | undefined
}

/** One stream that is being read: its next record, and the time that record is taken to be of. */
type Source = { records: AsyncGenerator<FoundRecord>; head: FoundRecord; time: string }

/**
 * The records of all streams that hold the needles, oldest first: by their times between streams, by `seq` within one
 * (a clock may go back). A stream is opened when its turn may have come, so few files are open at once.
 */
export async function* scanLog(options: ScanLogOptions): AsyncGenerator<FoundRecord> {
  const { directory, onProgress } = options
  await assertLogThere(directory)
  const waiting = await byBeginning(directory)
  const progress = { read: 0, total: onProgress ? await totalBytes(directory) : 0 }
  const onBytes = (bytes: number) => {
    progress.read += bytes
    onProgress?.({ ...progress })
  }
  const sources: Source[] = []

  async function begin(stream: string): Promise<void> {
    const records = scanStream({ ...options, stream, onBytes })
    const first = await records.next()
    if (first.done) return
    sources.push({ records, head: first.value, time: String(first.value.record.ts) })
  }

  try {
    for (;;) {
      let oldest = earliest(sources)
      for (let [next] = waiting; next !== undefined; [next] = waiting) {
        if (oldest !== undefined && next.born > oldest.time) break
        waiting.shift()
        await begin(next.stream)
        oldest = earliest(sources)
      }
      if (oldest === undefined) return
      yield oldest.head
      const { value, done } = await oldest.records.next()
      if (done) sources.splice(sources.indexOf(oldest), 1)
      else {
        oldest.head = value
        const time = String(value.record.ts)
        if (time > oldest.time) oldest.time = time
      }
    }
  } finally {
    for (const { records } of sources) await records.return(undefined)
  }
}

function earliest(sources: readonly Source[]): Source | undefined {
  let found: Source | undefined
  for (const source of sources) if (found === undefined || source.time < found.time) found = source
  return found
}

/** Streams by the time of their first record, the oldest first: nothing in a stream comes before that. */
async function byBeginning(directory: string): Promise<{ stream: string; born: string }[]> {
  const found: { stream: string; born: string }[] = []
  for (const stream of await listStreams(directory)) {
    found.push({ stream, born: await firstTime(directory, stream) })
  }
  return found.sort((a, b) => (a.born < b.born ? -1 : a.born > b.born ? 1 : 0))
}

async function firstTime(directory: string, stream: string): Promise<string> {
  const [first] = (await listSegments(join(directory, stream))).segments
  if (first === undefined) return ''
  for await (const stored of readLines(directory, stream, first.file)) {
    return String(toRecord(stored)?.record.ts ?? '')
  }
  return ''
}

async function totalBytes(directory: string): Promise<number> {
  let total = 0
  for (const stream of await listStreams(directory)) {
    for (const { file } of (await listSegments(join(directory, stream))).segments) {
      total += (await stat(join(directory, stream, file))).size
    }
  }
  return total
}
