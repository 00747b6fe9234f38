import type { Dirent } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { leafHash, maxLineBytes, sumHolds } from '../record/line.ts'
import { ulidPattern } from '../record/ulid.ts'
import { diskFiles } from './file-layer.ts'
import { readFlags } from './read-flags.ts'

/** `01kar6w0f3…` or `node7-01kar6w0f3…`: the ULID sorts by the time the stream began. */
export const streamPattern: RegExp = new RegExp(`^(?:[a-z0-9][a-z0-9-]{0,31}-)?${ulidPattern}$`)
const segmentPattern = /^(\d{16})\.jsonl$/

/** Beside the streams: who writes them, and what was cut off them. */
export const ownersFolder = 'owners'
export const quarantineFolder = 'quarantine'
/** The public keys of the log. */
export const keysFolder = 'keys'

/** In a stream's folder, beside its segments: the newest signed checkpoint, and how far the archive has come. */
export const checkpointFile = 'checkpoint'
export const shippedFile = 'shipped'
const ownFiles = [checkpointFile, shippedFile].flatMap((name) => [name, `${name}.tmp`])

export const segmentName = (firstSeq: number): string =>
  `${String(firstSeq).padStart(16, '0')}.jsonl`

/** Names in a folder; one that is not there has none. */
export async function listNames(
  folder: string,
  isWanted: (entry: Dirent) => boolean = () => true,
): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter(isWanted)
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Names of the streams of a log folder, oldest first. A link is none: it could lead to the records of another log. */
export async function listStreams(directory: string): Promise<string[]> {
  const names = await listNames(
    directory,
    (entry) => streamPattern.test(entry.name) && !entry.isSymbolicLink(),
  )
  const key = (name: string) => `${name.slice(-26)}${name}`
  return names.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

export type Segment = { file: string; firstSeq: number }

/** The segments of a stream in order, and whatever else lies in its folder. */
export async function listSegments(
  folder: string,
): Promise<{ segments: Segment[]; others: string[] }> {
  const names = await listNames(folder)
  const segments = names.flatMap((file) => {
    const match = segmentPattern.exec(file)
    return match === null ? [] : [{ file, firstSeq: Number(match[1]) }]
  })
  const others = names.filter((name) => !segmentPattern.test(name) && !ownFiles.includes(name))
  return { segments, others }
}

export type Head = { seq: number; leaf: string }

/**
 * The last whole record of a stream, from the end of its newest segments; undefined when there is none, or when it is
 * damaged. With `durable`, what is answered has been forced to the disk first, whoever wrote it.
 */
export async function readHead(folder: string, durable = false): Promise<Head | undefined> {
  const { segments } = await listSegments(folder)
  for (const { file } of segments.reverse()) {
    const tail = await readTail(join(folder, file), durable)
    if (durable) await diskFiles.syncFolder(folder)
    const newline = tail.lastIndexOf(10)
    if (newline === -1) continue // begun, but nothing whole in it yet
    const start = newline === 0 ? 0 : tail.lastIndexOf(10, newline - 1) + 1
    return headOf(tail.subarray(start, newline))
  }
  return undefined
}

async function readTail(path: string, durable: boolean): Promise<Buffer> {
  const file = await open(path, readFlags)
  try {
    // Two lines at most: the torn one and the whole one before it.
    const { size } = await file.stat()
    const length = Math.min(size, 2 * (maxLineBytes + 1))
    const tail = Buffer.alloc(length)
    const { bytesRead } = await file.read(tail, 0, length, size - length)
    if (durable) await file.datasync()
    return tail.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function headOf(line: Buffer): Head | undefined {
  const text = line.toString()
  if (!sumHolds(text)) return undefined // damaged: verify says so, nobody mends it
  const { seq } = JSON.parse(text) as { seq: number }
  return { seq, leaf: leafHash(line) }
}
