import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, listStreams, readHead } from '../folder/folder.ts'
import { readFlags } from '../folder/read-flags.ts'
import { maxLineBytes } from '../record/line.ts'
import type { CursorPlace } from './cursor.ts'

/** Where every stream ends now: behind its last whole line. */
export async function logEnd(directory: string): Promise<Map<string, CursorPlace>> {
  const ends = new Map<string, CursorPlace>()
  for (const stream of await listStreams(directory)) {
    const folder = join(directory, stream)
    const last = (await listSegments(folder)).segments.at(-1)
    if (last === undefined) continue
    // The offset first: what is written between the two is sent, and only the check for gaps is a little behind.
    const offset = await wholeBytes(join(folder, last.file))
    const head = await readHead(folder).catch(() => undefined)
    const isStill = (await wholeBytes(join(folder, last.file))) === offset
    ends.set(stream, { file: last.file, offset, next: head && isStill ? head.seq + 1 : null })
  }
  return ends
}

async function wholeBytes(path: string): Promise<number> {
  const file = await open(path, readFlags)
  try {
    const { size } = await file.stat()
    const tail = Buffer.alloc(Math.min(size, 2 * maxLineBytes))
    const start = size - tail.length
    const { bytesRead } = await file.read(tail, 0, tail.length, start)
    const newline = tail.subarray(0, bytesRead).lastIndexOf(10)
    return newline === -1 ? 0 : start + newline + 1
  } finally {
    await file.close()
  }
}
