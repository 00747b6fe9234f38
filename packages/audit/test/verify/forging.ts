import { jsonText } from '../../src/record/json-bytes.ts'
import { leafHashOfText } from '../../src/record/line.ts'
import { openWith } from '../../src/write/log.ts'
import { faultyFiles } from '../faults.ts'
import { decision, linesOf, segmentsOf, temporaryFolder } from '../support.ts'
import { withSum } from './with-sum.ts'

/** Small whole numbers that are the same in every run. */
export function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A log of one closed stream in several segments, and what its folder held. */
export async function segmented(
  count: number,
): Promise<{ directory: string; stream: string; files: string[] }> {
  const directory = temporaryFolder()
  const log = openWith(faultyFiles({}), { directory }, { segmentBytes: 4000, retryMs: 0 })
  for (let n = 0; n < count; n += 1) await log.append(decision(`d${n}`))
  await log.close()
  return { directory, stream: log.stream, files: segmentsOf(directory) }
}

/** A record with other content and a sum that fits, as a forger writes it. */
export function forge(line: string, change: Record<string, unknown>): string {
  const { '~sum': _, ...record } = { ...(JSON.parse(line) as Record<string, unknown>), ...change }
  return withSum(jsonText(record))
}

/** The text of a record, changed as a text, with a sum that fits again. */
export function resum(line: string, change: (text: string) => string): string {
  return withSum(change(line.replace(/,"~sum":.*/, '}')))
}

/** Writes the whole chain of a stream anew, as a forger with all the time does. */
export function rewrite(
  path: string,
  change: (record: Record<string, unknown>) => Record<string, unknown> | undefined,
): void {
  const { lines, write } = linesOf(path)
  let before: string | undefined
  const kept: string[] = []
  for (const line of lines) {
    const record = change(JSON.parse(line) as Record<string, unknown>)
    if (record === undefined) continue
    before = forge(line, {
      ...record,
      seq: kept.length,
      ...(before !== undefined && { prev: leafHashOfText(before) }),
    })
    kept.push(before)
  }
  write(kept)
}
