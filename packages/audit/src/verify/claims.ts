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

/**
 * What is known of one stream. A stream that is open for long is named by all that begin meanwhile, so nothing may look
 * through `all` for each of them.
 */
type Known = {
  all: Claim[]
  same: Set<string>
  /** Where in `all` the newest checkpoint stands that a stream has seen, by the name of that stream. */
  seen: Map<string, number>
}

const textOf = ({ seq, leaf, root, last }: Claim): string => JSON.stringify([seq, leaf, root, last])

/** `ignores`: what need not hold, and is taken for unknown. */
export function createClaims(ignores: (claim: Claim) => boolean = () => false): Claims {
  const claims = new Map<string, Known>()

  function add(stream: string, claim: Claim): boolean {
    if (ignores(claim)) return false
    const known = claims.get(stream) ?? { all: [], same: new Set(), seen: new Map() }
    const { all, same, seen } = known
    const text = textOf(claim)
    // The head of a closed stream is named by all that begin after it: once is enough, by the first of them.
    if (same.has(text)) return false
    const speaker = claim.signed ? claim.by?.stream : undefined
    const newest = speaker === undefined ? undefined : seen.get(speaker)
    const before = newest === undefined ? undefined : all[newest]
    // Of two checkpoints that one stream saw the newer says all that the older did.
    if (before !== undefined && (before.seq ?? -1) >= (claim.seq ?? -1)) return false
    if (before !== undefined) same.delete(textOf(before))
    const place = newest ?? all.length
    all[place] = claim
    same.add(text)
    if (speaker !== undefined) seen.set(speaker, place)
    claims.set(stream, known)
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
    of: (stream) => claims.get(stream)?.all ?? [],
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
