import { join } from 'node:path'
import { listSegments } from '../folder/folder.ts'
import { readLines } from '../read/read.ts'
import { sinkConflict } from './errors.ts'
import { logKeyKey, streamKey } from './layout.ts'
import type { ShipOptions } from './ship-options.ts'

/** What `streams/<stream>.json` says. `keys` are the texts of the log's public key files. */
export type Announcement = {
  v: 1
  log: string
  stream: string
  /** The first line of the stream, as stored. */
  genesis: string
  keys: string[]
  sink: unknown
}

/** Tells the archive of a stream before any of its records is there: a stream that is deleted whole is then missed. */
export async function announce(options: ShipOptions): Promise<void> {
  const { directory, log, stream, sink, check } = options
  const keys = await options.keys()
  for (const { name, text } of keys) {
    const key = logKeyKey(log, name)
    // Asked first: two processes may tell of the same key, and some stores would then keep it twice.
    if ((await sink.get(key)) === undefined)
      await sink.put(key, Buffer.from(text), 'text/plain; charset=utf-8')
  }
  const genesis = await firstLine(directory, stream)
  const announcement: Announcement = {
    v: 1,
    log,
    stream,
    genesis,
    keys: keys.map(({ text }) => text),
    sink: check,
  }
  const key = streamKey(log, stream)
  const bytes = Buffer.from(`${JSON.stringify(announcement)}\n`)
  const put = await sink.put(key, bytes, 'application/json')
  if (put !== 'different') return
  // Told of before, by a process that died then: what matters is that it is this very stream.
  const there = parseAnnouncement((await sink.get(key))?.toString() ?? '')
  if (there?.genesis !== genesis) throw sinkConflict(sink.name, key)
}

export function parseAnnouncement(text: string): Announcement | undefined {
  try {
    const told = JSON.parse(text) as Partial<Announcement> | null
    const { v, log, stream, genesis, keys } = told ?? {}
    const shaped = v === 1 && [log, stream, genesis].every((one) => typeof one === 'string')
    const listed = Array.isArray(keys) && keys.every((one) => typeof one === 'string')
    return shaped && listed ? (told as Announcement) : undefined
  } catch {
    return undefined
  }
}

async function firstLine(directory: string, stream: string): Promise<string> {
  const [first] = (await listSegments(join(directory, stream))).segments
  if (first !== undefined) {
    for await (const { bytes, whole } of readLines(directory, stream, first.file)) {
      if (whole) return bytes.toString()
      break
    }
  }
  throw new Error(`the stream ${stream} has no first record`)
}
