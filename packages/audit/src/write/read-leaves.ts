import { join } from 'node:path'
import { listSegments } from '../folder/folder.ts'
import { readLines } from '../read/read.ts'
import { leafBytes } from '../record/line.ts'

/** Up to where a stream has been read: behind `offset` bytes of `file`. */
export type Place = { file: string; offset: number }

export const streamStart: Place = { file: '', offset: 0 }

/** The next `count` whole lines of a stream, or as many as there are. */
export async function* readLeaves(
  directory: string,
  stream: string,
  from: Place,
  count: number,
): AsyncGenerator<{ leaf: Buffer; bytes: Buffer; behind: Place }> {
  let left = count
  if (left <= 0) return
  const { segments } = await listSegments(join(directory, stream))
  for (const { file } of segments) {
    // Names sort in the order of their records: what comes before was read to its end.
    if (file < from.file) continue
    const offset = file === from.file ? from.offset : 0
    for await (const { bytes, whole, end } of readLines(directory, stream, file, {
      offset,
      line: 0,
    })) {
      if (!whole) return
      yield { leaf: leafBytes(bytes), bytes, behind: { file, offset: end } }
      left -= 1
      if (left === 0) return
    }
  }
}
