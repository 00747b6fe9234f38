import type { AuditRecord } from '../record/record.ts'

/**
 * What somebody else knows of a stream: another stream's record, a checkpoint or a receipt that was kept elsewhere.
 * `leaf` is the hash of record `seq`, which with the chain stands for all before it; `root` that of the tree of
 * `seq + 1` records. `last`: nothing follows it.
 */
export type Claim = {
  seq: number | null
  leaf: string | null
  root: string | null
  /** Who says so, as words for a message. */
  who: string
  /** The record that says so, when it is one. */
  by: { stream: string; seq: number; ts: string } | undefined
  last: boolean
  /** Whether a checkpoint of this size was seen, and not just the record. */
  signed: boolean
}

/** What is known of streams, by the name of the stream that is spoken of. */
export type Claims = {
  of(stream: string): readonly Claim[]
  streams(): Iterable<string>
  /** False when it is known already. */
  add(stream: string, claim: Claim): boolean
  /** Takes the claims out of a record. */
  visit(record: AuditRecord): void
}

/** `ignores`: what need not hold, and is taken for unknown. */
export function createClaims(ignores: (claim: Claim) => boolean = () => false): Claims {
  const claims = new Map<string, Claim[]>()

  function add(stream: string, claim: Claim): boolean {
    if (ignores(claim)) return false
    const known = claims.get(stream) ?? []
    const same = known.some(
      ({ seq, leaf, root, last }) =>
        seq === claim.seq && leaf === claim.leaf && root === claim.root && last === claim.last,
    )
    // The head of a closed stream is named by all that begin after it: once is enough, by the first of them.
    if (same) return false
    // Of two checkpoints that one stream saw the newer says all that the older did.
    const newest = known.findIndex((one) => one.signed && claim.signed && isSameSpeaker(one, claim))
    if (newest === -1) claims.set(stream, [...known, claim])
    else if ((known[newest]?.seq ?? -1) < (claim.seq ?? -1)) known[newest] = claim
    else return false
    return true
  }

  function visitPeer(peer: unknown, by: NonNullable<Claim['by']>): void {
    const { stream, seq, leaf, size, root } = (peer ?? {}) as Record<string, unknown>
    if (typeof stream !== 'string') return
    const said = { who: `stream ${by.stream}`, by, last: false }
    if (isNumber(seq) && typeof leaf === 'string') {
      add(stream, { ...said, seq, leaf, root: null, signed: false })
    }
    if (isNumber(size) && size > 0 && typeof root === 'string') {
      add(stream, { ...said, seq: size - 1, leaf: null, root, signed: true })
    }
  }

  return {
    of: (stream) => claims.get(stream) ?? [],
    streams: () => claims.keys(),
    add,
    visit(record) {
      const { kind, stream, seq: at, ts, peers, of, last_seq: seq, last_leaf: leaf } = record
      const by = { stream, seq: at, ts }
      if (kind === 'recovery' && typeof of === 'string') {
        const ended = isNumber(seq) && typeof leaf === 'string'
        const end = ended ? { seq, leaf } : { seq: null, leaf: null }
        const { root } = (record.tree ?? {}) as { root?: unknown }
        const tree = ended && typeof root === 'string' ? root : null
        add(of, { ...end, root: tree, who: `stream ${stream}`, by, last: true, signed: false })
      }
      if (kind !== 'genesis' && (kind as string) !== 'peers') return
      if (Array.isArray(peers)) for (const peer of peers as unknown[]) visitPeer(peer, by)
    },
  }
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value)

function isSameSpeaker(one: Claim, other: Claim): boolean {
  return one.by !== undefined && one.by.stream === other.by?.stream
}
