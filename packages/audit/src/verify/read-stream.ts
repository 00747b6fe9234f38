import type { LogSource, StreamRef } from '../read/source.ts'
import { type Checkpoints, knownTreeOf, readCheckpoints } from './checkpoints.ts'
import type { Claim } from './claims.ts'
import { createFindings, type Findings } from './findings.ts'
import { problemAt } from './report.ts'
import { readSignedPart } from './signed-part.ts'
import type { Trust } from './trust.ts'
import { walkStream } from './verify-stream.ts'
import type { Known, KnownRecord, KnownTree, Walk } from './walk.ts'

/** All that one stream says. */
export type StreamRead = {
  ref: StreamRef
  walk: Walk
  checkpoints: Checkpoints
  findings: Findings
}

/** Reads a stream: what is signed fast, and from there on, or when anything is wrong from its beginning, line by line. */
export async function readStream(
  source: LogSource,
  ref: StreamRef,
  trust: Trust,
  claims: readonly Claim[],
): Promise<StreamRead> {
  // Before the records: whatever was signed by now is there by then.
  const checkpoints = await readCheckpoints(source, ref, trust)
  const known = knownOf(ref, checkpoints, claims)
  if (known.signed > 0) {
    const findings = createFindings()
    const resume = await readSignedPart(source, ref, known, findings)
    if (resume !== undefined) {
      const walk = await walkStream(source, ref, known, findings, resume)
      return { ref, walk, checkpoints, findings }
    }
  }
  const findings = createFindings()
  const walk = await walkStream(source, ref, known, findings)
  return { ref, walk, checkpoints, findings }
}

function knownOf(
  { log, stream }: StreamRef,
  { trusted }: Checkpoints,
  claims: readonly Claim[],
): Known {
  const records = new Map<number, KnownRecord[]>()
  const trees: KnownTree[] = trusted.map((one) => knownTreeOf(stream, one))
  for (const { seq, leaf, root, who, last } of claims) {
    if (last || seq === null) continue // where a stream ends is judged at its end
    if (leaf !== null) {
      const problem: KnownRecord['problem'] = (at) =>
        problemAt(
          'replaced',
          { stream, ...at },
          `record ${seq} is not the one that ${who} saw here`,
        )
      records.set(seq, [...(records.get(seq) ?? []), { seq, leaf, problem }])
    }
    if (root !== null) {
      const message = `the first ${seq + 1} records are not those that ${who} saw here`
      const problem = () => problemAt('replaced', { stream, seq }, message)
      trees.push({ size: seq + 1, root, checkpoint: undefined, problem })
    }
  }
  // Of one size the checkpoint first: sorting keeps their order.
  trees.sort((a, b) => a.size - b.size)
  return { trees, records, signed: trusted.at(-1)?.size ?? 0, log: log ?? trusted.at(-1)?.log }
}
