import { hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments } from '../folder/folder.ts'
import { readFlags } from '../folder/read-flags.ts'
import { maxLineBytes } from '../record/line.ts'

/** Up to where a stream has been read: behind `offset` bytes of `file`. */
export type Place = { file: string; offset: number }

export const streamStart: Place = { file: '', offset: 0 }

/**
 * The leaf hashes (base64) of lines that were read together. `ends[n]` is the offset in `file` behind line n. `line` copies
 * one, until the next run is asked for, whose bytes take the place of these.
 */
export type Run = { file: string; leaves: string[]; ends: number[]; line(n: number): Buffer }

/** So much is read and hashed at a time: a fraction of a millisecond in which nobody else has the processor. */
const leastWindow = 1 << 16
/** Of a long backlog more, some 2 ms: else a busy process, which looks at one read a turn, records faster than it signs. */
const mostWindow = 1 << 20
/** Reads for a backlog of records of 1 KiB, until its window is the largest. */
const readsOfBacklog = 8

function windowFor(count: number): number {
  return Math.min(mostWindow, Math.max(leastWindow, Math.ceil((count * 1024) / readsOfBacklog)))
}

/** The next `count` whole lines of a stream, or as many as there are. */
export async function* readLeaves(
  directory: string,
  stream: string,
  from: Place,
  count: number,
): AsyncGenerator<Run> {
  let left = count
  if (left <= 0) return
  const windowBytes = windowFor(count)
  const { segments } = await listSegments(join(directory, stream))
  for (const { file } of segments) {
    // Names sort in the order of their records: what comes before was read to its end.
    if (file < from.file) continue
    const place = { file, offset: file === from.file ? from.offset : 0 }
    for await (const run of readFile(join(directory, stream), place, windowBytes, () => left)) {
      left -= run.leaves.length
      yield run
      if (left === 0) return
    }
  }
}

async function* readFile(
  folder: string,
  { file, offset: start }: Place,
  windowBytes: number,
  left: () => number,
): AsyncGenerator<Run> {
  const handle = await open(join(folder, file), readFlags)
  try {
    // The longest line and a window behind it. One byte before: a leaf is the hash of a zero byte and the line (RFC 6962
    // §2.1), and the line need not be copied. One buffer for all: fresh ones would have the garbage collector run.
    const buffer = Buffer.allocUnsafeSlow(1 + maxLineBytes + windowBytes)
    let offset = start
    let rest = 0
    // A line longer than any record was not written by the log: what stands from there on is left to verify.
    while (rest <= maxLineBytes) {
      const { bytesRead } = await handle.read(buffer, 1 + rest, windowBytes, offset + rest)
      if (bytesRead === 0) return // an unfinished line is none
      const end = 1 + rest + bytesRead
      const run = splitLines(buffer.subarray(0, end), file, offset, left())
      const taken = (run.ends.at(-1) ?? offset) - offset
      offset += taken
      rest = end - 1 - taken
      if (run.leaves.length > 0) yield run
      buffer.copyWithin(1, 1 + taken, end)
    }
  } finally {
    await handle.close()
  }
}

/** `bytes` has the line that begins at `offset` behind its first byte. */
function splitLines(bytes: Buffer, file: string, offset: number, most: number): Run {
  const leaves: string[] = []
  const ends: number[] = []
  let start = 1
  for (let end = bytes.indexOf(10, 1); end !== -1; end = bytes.indexOf(10, start)) {
    if (leaves.length === most) break
    bytes[start - 1] = 0
    leaves.push(hash('sha256', bytes.subarray(start - 1, end), 'base64'))
    ends.push(offset + end)
    start = end + 1
  }
  const line = (n: number) => {
    const begin = n === 0 ? 1 : 1 + (ends[n - 1] as number) - offset
    return Buffer.from(bytes.subarray(begin, (ends[n] as number) - offset))
  }
  return { file, leaves, ends, line }
}
