import { join } from 'node:path'
import type { Revealed } from '@lelu/audit'
import type { StoryRecord } from '@lelu/audit/reading'
import { safeJson, safeText } from '../print.ts'
import type { StoryLayout } from './story-lines.ts'
import { wrapped } from './wrapped.ts'

/** What the decisions of a story have committed to, by the ids of their records, as far as it is still kept. */
export async function revealedOf(
  home: string,
  records: readonly StoryRecord[],
): Promise<Map<string, Revealed>> {
  const { openOpenings } = await import('@lelu/audit')
  const openings = await openOpenings({ directory: join(home, 'openings'), write: false })
  const found = new Map<string, Revealed>()
  try {
    for (const { record } of records) {
      if (record.kind !== 'decision') continue
      found.set(record.id, await openings.reveal(record))
    }
  } finally {
    await openings.close()
  }
  return found
}

/** Values that fit their commitments; of those that are gone, why. */
export function revealedLines(
  revealed: ReadonlyMap<string, Revealed>,
  { paint, columns }: StoryLayout,
): string[] {
  const lines = [paint('bold', 'What the commitments stand for')]
  for (const [id, { status, openings, altered }] of revealed) {
    lines.push('', `  decision ${safeText(id)}`)
    if (status === 'erased') lines.push('    erased: nobody can show it any more')
    if (status === 'missing') lines.push('    not kept here: only the commitments are left')
    for (const { path, value } of openings) {
      const row = `    ${safeText(path)}  ${safeJson(value, 0)}`
      lines.push(...wrapped(row, 6, columns))
    }
    if (altered > 0) lines.push(`    ${altered} do not fit the record, and are not shown`)
  }
  return lines
}
