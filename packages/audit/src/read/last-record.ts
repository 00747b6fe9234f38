import type { AuditRecord } from '../record/record.ts'
import { splitLines, toRecord } from './read.ts'
import type { LogSource, StreamRef } from './source.ts'

/** What stands in the last line of a stream, by a look at its last segment alone; undefined when that is no record. */
export async function lastRecord(
  source: LogSource,
  ref: StreamRef,
): Promise<AuditRecord | undefined> {
  const segment = (await source.segments(ref)).segments.at(-1)
  if (segment === undefined) return undefined
  let last: AuditRecord | undefined
  const chunks = source.read(ref, segment, { alone: true })
  for await (const line of splitLines(chunks, { ...ref, file: segment.file })) {
    last = toRecord(line)?.record
  }
  return last
}
