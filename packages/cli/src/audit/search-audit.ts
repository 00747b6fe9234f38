import { join } from 'node:path'
import type { FoundRecord, SearchFilter } from '@lelu/audit/reading'
import type { CommandContext } from '../command-context.ts'
import { painter, safeLines } from '../print.ts'
import { recordLine } from './record-line.ts'
import { progressLine } from './scan-progress.ts'

type SearchCommand = SearchFilter & { limit?: number }

/** `audit search`: a line for each record that is found, the newest last; with a limit the newest ones. */
export async function searchAudit(
  { io, globals }: CommandContext,
  { limit, ...filter }: SearchCommand,
): Promise<void> {
  const { directory: home, json } = globals()
  const { searchRecords } = await import('@lelu/audit/reading')
  const paint = painter(io)
  const progress = progressLine(io)
  const print = ({ record, raw }: FoundRecord) => {
    progress.clear()
    const stored = io.terminal.stdout ? safeLines(raw) : raw
    io.write(`${json ? stored : recordLine(record, paint)}\n`)
  }
  let count = 0
  let newest: FoundRecord[] = []
  for await (const one of searchRecords({
    ...filter,
    directory: join(home, 'audit'),
    signal: io.signal,
    onProgress: progress.show,
  })) {
    if (io.signal.aborted) break
    count += 1
    if (limit === undefined) print(one)
    else {
      newest.push(one)
      if (newest.length > 2 * limit + 1000) newest = newest.slice(-limit)
    }
  }
  progress.clear()
  const shown = limit === undefined ? [] : newest.slice(-limit)
  for (const one of shown) print(one)
  if (json) return
  if (count === 0) io.writeError('No record is like that.\n')
  else if (limit !== undefined && count > limit) {
    io.writeError(`${count - limit} older records are not shown.\n`)
  }
}
