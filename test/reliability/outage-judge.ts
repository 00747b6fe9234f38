import type { AuditSink } from '@lelu/audit'
import { archiveSource, readRecords, verifyLog } from '@lelu/audit/reading'

type Judged = { directory: string; direct: AuditSink; acknowledged: readonly string[] }

/** What must not be once the log is closed, in sentences: none where all is well. */
export async function wrongInBucket({
  directory,
  direct,
  acknowledged,
}: Judged): Promise<{ wrong: string[]; objects: number }> {
  const wrong: string[] = []
  const ids = new Set<unknown>()
  for await (const { record } of readRecords({ directory })) ids.add(record.id)
  const lost = acknowledged.filter((id) => !ids.has(id))
  if (lost.length > 0) wrong.push(`${lost.length} acknowledged records are lost, first ${lost[0]}`)
  const here = await verifyLog({ directory })
  const immutable = { mode: 'COMPLIANCE', days: 1 } as const
  const there = await verifyLog({ source: archiveSource(direct), require: { immutable } })
  for (const [place, report] of Object.entries({ here, there })) {
    wrong.push(...report.problems.map(({ code, message }) => `${place}: ${code}: ${message}`))
  }
  // Both verify, so the same roots of the same sizes stand for the same records.
  for (const { stream, records } of here.streams) {
    const archived = there.streams.find((one) => one.stream === stream)
    if (archived?.records !== records || archived.covered !== records)
      wrong.push(
        `the bucket has ${archived?.covered} signed of the ${records} records of ${stream}`,
      )
  }
  let objects = 0
  for await (const { key, versions, hidden } of direct.list('v1/')) {
    if (key.includes('/_canary/')) continue
    objects += 1
    if (versions !== 1 || hidden) wrong.push(`${key} has ${versions} versions, hidden: ${hidden}`)
  }
  return { wrong, objects }
}
