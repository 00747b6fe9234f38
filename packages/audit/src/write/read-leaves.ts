import { hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments } from '../folder/folder.ts'
import { maxLineBytes } from '../record/line.ts'

/** Up to where a stream has been read: behind `offset` bytes of `file`. */
export type Place = { file: string; offset: number }

export const streamStart: Place = { file: '', offset: 0 }

/** Lines that were read together, and their leaf hashes (base64). `ends[n]` is the offset in `file` behind line n. */
export type Run = { file: string; lines: Buffer[]; leaves: string[]; ends: number[] }

/** So much is read and hashed at a time: a fraction of a millisecond in which nobody else has the processor. */
const windowBytes = 1 << 16

/** The next `count` whole lines of a stream, or as many as there are. */
export async function* readLeaves(
  directory: string,
  stream: string,
  from: Place,
  count: number,
): AsyncGenerator<Run> {
  let left = count
  if (left <= 0) return
  const { segments } = await listSegments(join(directory, stream))
  for (const { file } of segments) {
    // Names sort in the order of their records: what comes before was read to its end.
    if (file < from.file) continue
    const start = file === from.file ? from.offset : 0
    for await (const run of readFile(join(directory, stream, file), file, start, () => left)) {
      left -= run.lines.length
      yield run
      if (left === 0) return
    }
  }
}

async function* readFile(
  path: string,
  file: string,
  start: number,
  left: () => number,
): AsyncGenerator<Run> {
  const handle = await open(path, 'r')
  try {
    let offset = start
    let rest: Buffer = Buffer.alloc(0)
    // A line longer than any record was not written by the log: what stands from there on is left to verify.
    while (rest.length <= maxLineBytes) {
      // One byte before: a leaf is the hash of a zero byte and the line (RFC 6962 §2.1), and the line need not be copied.
      const buffer = Buffer.allocUnsafe(1 + rest.length + windowBytes)
      rest.copy(buffer, 1)
      const position = offset + rest.length
      const { bytesRead } = await handle.read(buffer, 1 + rest.length, windowBytes, position)
      if (bytesRead === 0) return // an unfinished line is none
      const bytes = buffer.subarray(0, 1 + rest.length + bytesRead)
      const run = splitLines(bytes, file, offset, left())
      const taken = run.ends.at(-1) ?? offset
      rest = bytes.subarray(1 + taken - offset)
      offset = taken
      if (run.lines.length > 0) yield run
    }
  } finally {
    await handle.close()
  }
}

/** `bytes` has the line that begins at `offset` behind its first byte. */
function splitLines(bytes: Buffer, file: string, offset: number, most: number): Run {
  const run: Run = { file, lines: [], leaves: [], ends: [] }
  let start = 1
  for (let end = bytes.indexOf(10, 1); end !== -1; end = bytes.indexOf(10, start)) {
    if (run.lines.length === most) break
    bytes[start - 1] = 0
    run.leaves.push(hash('sha256', bytes.subarray(start - 1, end), 'base64'))
    run.lines.push(bytes.subarray(start, end))
    run.ends.push(offset + end)
    start = end + 1
  }
  return run
}
