import type { Claim } from './claims.ts'
import type { Walk } from './walk.ts'

/** A stream that was walked, and what is known of it from elsewhere. */
type Covered = { walk: Walk; claims: readonly Claim[] }

/**
 * How many records of each stream a signature covers. A checkpoint covers its own stream; a record that is covered
 * covers in turn what it says of other streams: the leaf hash of their record, which through the chain stands for all
 * before it, or their root. What others say was compared with the records already, so it holds unless there are problems.
 */
export function coverageOf(streams: readonly Covered[]): Map<string, number> {
  const covered = new Map<string, number>()
  const sound = streams.filter(
    ({ walk }) => walk.problems.length + walk.contradictions.length === 0,
  )
  for (const { walk } of sound) covered.set(walk.stream, walk.checkpoint?.size ?? 0)
  for (let changed = true; changed; ) {
    changed = false
    for (const { walk, claims } of sound) {
      for (const { seq, by } of claims) {
        if (seq === null || by === undefined || by.seq >= (covered.get(by.stream) ?? 0)) continue
        if (seq + 1 <= (covered.get(walk.stream) ?? 0) || seq >= walk.records) continue
        covered.set(walk.stream, seq + 1)
        changed = true
      }
    }
  }
  return covered
}
