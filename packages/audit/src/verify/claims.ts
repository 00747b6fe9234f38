import { join } from 'node:path'
import { listSegments } from '../folder/folder.ts'
import { readLines, toRecord } from '../read/read.ts'
import type { AuditRecord } from '../record/record.ts'
import type { Claim } from './report.ts'

/** What streams say of each other, by the name of the stream that is spoken of. */
export type Claims = {
  of(stream: string): readonly Claim[]
  streams(): Iterable<string>
  /** Takes the claims out of a record. */
  visit(record: AuditRecord): void
}

export function createClaims(): Claims {
  const claims = new Map<string, Claim[]>()

  function add(stream: string, claim: Claim): void {
    const known = claims.get(stream) ?? []
    // The head of a closed stream is named by all that begin after it: once is enough.
    const same = known.some(
      ({ seq, leaf, last }) => seq === claim.seq && leaf === claim.leaf && last === claim.last,
    )
    if (!same) claims.set(stream, [...known, claim])
  }

  return {
    of: (stream) => claims.get(stream) ?? [],
    streams: () => claims.keys(),
    visit({ kind, stream: by, peers, of, last_seq: seq, last_leaf: leaf }) {
      if (kind === 'recovery' && typeof of === 'string') {
        const end = typeof seq === 'number' && typeof leaf === 'string' ? { seq, leaf } : undefined
        add(of, { seq: end?.seq ?? null, leaf: end?.leaf ?? null, by, last: true })
      }
      if (kind !== 'genesis' || !Array.isArray(peers)) return
      for (const peer of peers as unknown[]) {
        const { stream, seq: at, leaf: hash } = (peer ?? {}) as Record<string, unknown>
        if (typeof stream !== 'string' || typeof at !== 'number' || typeof hash !== 'string')
          continue
        add(stream, { seq: at, leaf: hash, by, last: false })
      }
    },
  }
}

/** The first record of each stream says what it saw of the others: read before any stream is walked. */
export async function readGenesisClaims(
  directory: string,
  streams: readonly string[],
  claims: Claims,
): Promise<void> {
  for (const stream of streams) {
    const [first] = (await listSegments(join(directory, stream))).segments
    if (first === undefined) continue
    for await (const stored of readLines(directory, stream, first.file)) {
      const record = toRecord(stored)?.record
      if (record?.kind === 'genesis') claims.visit(record)
      break
    }
  }
}
