import type { AuditRecord } from '../record/record.ts'
import { type Claims, createClaims } from './claims.ts'
import type { Glance } from './glance.ts'
import { createPairing, type Pairing } from './unfinished.ts'

/** What the records of a stream say beside that they are in order. */
export type Findings = {
  readonly kinds: Record<string, number>
  readonly pairing: Pairing
  readonly claims: Claims
  /** Recoveries that moved bytes into quarantine. */
  readonly cuts: AuditRecord[]
  visit(record: AuditRecord): void
  /** Of a record that was only glanced at. */
  glance(seen: Glance): void
  /** Takes over those of a stream. */
  absorb(other: Findings): void
}

export function createFindings(): Findings {
  const kinds: Record<string, number> = Object.create(null)
  const pairing = createPairing()
  const claims = createClaims()
  const cuts: AuditRecord[] = []
  const count = (kind: string, by = 1) => {
    kinds[kind] = (kinds[kind] ?? 0) + by
  }
  return {
    kinds,
    pairing,
    claims,
    cuts,
    visit(record) {
      count(record.kind)
      pairing.visit(record)
      claims.visit(record)
      if (record.kind === 'recovery' && typeof record.quarantine === 'string') cuts.push(record)
    },
    glance({ kind, paired }) {
      count(kind)
      if (paired !== undefined) pairing.visit(paired)
    },
    absorb(other) {
      for (const [kind, number] of Object.entries(other.kinds)) count(kind, number)
      pairing.absorb(other.pairing)
      for (const stream of other.claims.streams()) {
        for (const claim of other.claims.of(stream)) claims.add(stream, claim)
      }
      cuts.push(...other.cuts)
    },
  }
}
