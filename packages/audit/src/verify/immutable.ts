import type { LogSource } from '../read/source.ts'
import type { LockMode, Retention } from '../sink/sink.ts'
import { type Problem, problemAt } from './report.ts'

/** What has to hold each object: at least this mode (`COMPLIANCE` is more than `GOVERNANCE`), for so many days from when it was stored. */
export type Immutability = { mode: LockMode; days: number }

/** The lock is set before the store notes when it took the object. */
const toleranceMs = 3_600_000
const dayMs = 86_400_000
/** Past that, the same is wrong with all of them. */
const namedMost = 100

/** Compares how each object is held with what is demanded. */
export async function checkImmutable(
  source: LogSource,
  { mode, days }: Immutability,
  now: number,
): Promise<{ problems: Problem[]; objects: number; expired: number }> {
  const problems: Problem[] = []
  const retentions = source.retentions()
  if (retentions === undefined) {
    const message = `${source.name} is a folder: whoever may write in it can also delete from it`
    return {
      problems: [problemAt('not_immutable', { stream: '' }, message)],
      objects: 0,
      expired: 0,
    }
  }
  let objects = 0
  let expired = 0
  for await (const { stream, file, stored, retention } of retentions) {
    objects += 1
    const least = stored === undefined ? undefined : stored + days * dayMs - toleranceMs
    const why = lacking(retention, mode, least)
    if (why !== undefined && problems.length < namedMost) {
      problems.push(
        problemAt('not_immutable', { stream, file }, `it is not held as demanded: ${why}`),
      )
    }
    if (why === undefined && isOver(retention, now)) expired += 1
  }
  return { problems, objects, expired }
}

function lacking(
  retention: Retention | undefined,
  mode: LockMode,
  least: number | undefined,
): string | undefined {
  if (retention === undefined) return 'the store does not say how'
  if (retention.mode === null) return 'it has no lock'
  if (mode === 'COMPLIANCE' && retention.mode !== mode) return `its lock is ${retention.mode}`
  if (retention.legalHold) return undefined
  if (least === undefined) return 'the store does not say when it took it'
  if (Date.parse(retention.until ?? '') >= least) return undefined
  return `its lock ends at ${retention.until ?? 'no time'}`
}

function isOver(retention: Retention | undefined, now: number): boolean {
  return retention?.legalHold !== true && Date.parse(retention?.until ?? '') < now
}
