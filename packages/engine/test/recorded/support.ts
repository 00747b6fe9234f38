import { join } from 'node:path'
import type { AuditRecord } from '@lelu/audit'
import { readRecords } from '@lelu/audit/reading'

/** The records of an engine's log, of one kind or of all. */
export async function recordsOf(directory: string, kind?: string): Promise<AuditRecord[]> {
  const found: AuditRecord[] = []
  for await (const { record } of readRecords({ directory: join(directory, 'audit') })) {
    if (kind === undefined || record.kind === kind) found.push(record)
  }
  return found
}
