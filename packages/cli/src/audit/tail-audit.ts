import { join } from 'node:path'
import type { ReadRecord } from '@lelu/audit/reading'
import type { CommandContext } from '../command-context.ts'
import { painter, safeLines } from '../print.ts'
import { recordLine } from './record-line.ts'

type TailOptions = { lines: number; follow?: boolean }

/** `audit tail`: the newest records of all streams, by their time; then, with `--follow`, whatever is added. */
export async function tailAudit(
  { io, globals }: CommandContext,
  { lines, follow = false }: TailOptions,
): Promise<void> {
  const { directory: home, json } = globals()
  const directory = join(home, 'audit')
  const { followRecords, readRecords } = await import('@lelu/audit/reading')
  const paint = painter(io)
  const print = ({ record, raw }: ReadRecord) => {
    // Bytes as stored into a pipe, so that they can be hashed; escaped where they would reach a terminal.
    const stored = io.terminal.stdout ? safeLines(raw) : raw
    io.write(`${json ? stored : recordLine(record, paint)}\n`)
  }
  const seen = new Map<string, number>()
  let newest: ReadRecord[] = []
  for await (const one of readRecords({ directory })) {
    seen.set(one.stream, one.record.seq)
    newest.push(one)
    if (newest.length > 2 * lines + 1000) newest = keepNewest(newest, lines)
  }
  for (const one of keepNewest(newest, lines)) print(one)
  if (!follow) return
  // From the start, and not from now: what was written while the above was printed must not be missed.
  for await (const one of followRecords({ directory, signal: io.signal })) {
    if (io.signal.aborted) return
    if (one.record.seq > (seen.get(one.stream) ?? -1)) print(one)
  }
}

function keepNewest(records: ReadRecord[], count: number): ReadRecord[] {
  const time = ({ record }: ReadRecord) => String(record.ts)
  const sorted = records.toSorted((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0))
  return count === 0 ? [] : sorted.slice(-count)
}
