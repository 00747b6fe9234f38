import type { StreamReport } from './report.ts'
import type { Walk } from './walk.ts'

export function reportOf(walk: Walk, state: StreamReport['state'], covered: number): StreamReport {
  const { stream, log = null, records, firstSeq = null, last, from = null, to = null } = walk
  return {
    stream,
    log,
    records,
    firstSeq,
    lastSeq: last?.seq ?? null,
    head: last?.leaf ?? null,
    root: walk.problems.length === 0 && records > 0 ? walk.tree.root().toString('base64') : null,
    from,
    to,
    state,
    checkpoint: walk.checkpoint ?? null,
    covered,
  }
}

/** A process that lives writes a heartbeat each minute. */
const longestPauseMs = 120_000

export function streamWarnings({ stream, clockBack, heartbeats, pause }: Walk): string[] {
  const warnings: string[] = []
  if (clockBack) warnings.push(`the clock went back while stream ${stream} was written`)
  if (heartbeats && pause.ms > longestPauseMs) {
    const seconds = Math.round(pause.ms / 1000)
    warnings.push(
      `stream ${stream} has no record for ${seconds} s behind record ${pause.seq}, and no heartbeat: its process stood still`,
    )
  }
  return warnings
}
