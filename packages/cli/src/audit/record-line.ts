import type { AuditRecord } from '@lelu/audit'
import { type Paint, safeText } from '../print.ts'
import { part, read, text } from './read-record.ts'

/** `2026-11-22T10:00:00.000Z  approval.decided  approve  trade by trader-1  reviewer bob …  stream/seq`. */
export function recordLine(record: AuditRecord, paint: Paint): string {
  const { ts, kind, stream, seq } = record
  const { decision, vote, result, tool, agent, reviewer, reason, refs, scope } = read(record)
  const words = [
    text(decision) || text(vote) || part(result, 'status') || text(scope),
    part(tool, 'name'),
    part(agent, 'id') && `agent ${part(agent, 'id')}`,
    part(reviewer, 'id') && `reviewer ${part(reviewer, 'id')}`,
    text(reason) && `"${text(reason)}"`,
    part(refs, 'approval'),
  ]
  const told = words.filter((word) => word !== '').map(safeText)
  const place = paint('dim', `${safeText(stream)}/${seq}`)
  return [safeText(String(ts)), paint('bold', safeText(kind)), ...told, place].join('  ')
}
