import { parseCheckpoint } from '../tlog/checkpoint.ts'
import type { LogSource, StreamRef } from './source.ts'

export type NewestCheckpoint = { size: number; root: Buffer; text: string }

/** The checkpoint of a stream over the most records, not verified; undefined when there is none. */
export async function newestCheckpoint(
  source: LogSource,
  ref: StreamRef,
): Promise<NewestCheckpoint | undefined> {
  let newest: NewestCheckpoint | undefined
  for await (const { text } of source.checkpoints(ref)) {
    const { size, root } = parseCheckpoint(text) ?? { size: 0 }
    if (root !== undefined && size > (newest?.size ?? 0)) newest = { size, root, text }
  }
  return newest
}
