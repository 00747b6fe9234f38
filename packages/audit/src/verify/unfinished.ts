import type { AuditRefs } from '../record/event.ts'
import type { AuditRecord } from '../record/record.ts'
import type { Unfinished } from './report.ts'

/** So many open calls are followed at once; past that the oldest are no longer paired. */
const followed = 100_000
/** An event can be written twice, when a process dies right after it: at least so many pairs that are complete are known. */
const remembered = 10_000

/** What begins a call or ends it. */
const pairedKinds: readonly string[] = ['decision', 'grant.used', 'token.redeemed', 'outcome']

export type PairingResult = { unfinished: Unfinished[]; limited: boolean }

/** What pairing needs of a record. */
export type Paired = Pick<AuditRecord, 'kind' | 'stream' | 'seq'> & {
  id?: unknown
  decision?: unknown
  refs?: unknown
}

type State = {
  begun: Map<string, Unfinished>
  ended: Map<string, Unfinished>
  /** The newer and the older: a set from which the oldest is taken one by one becomes slow. */
  complete: [Set<string>, Set<string>]
  limited: boolean
}

export type Pairing = {
  readonly state: State
  visit(record: Paired): void
  /** Takes over what another one has found, which is used no more. */
  absorb(other: Pairing): void
  result(): PairingResult
}

/** Pairs what was begun with how it ended, over all streams and in any order of them. */
export function createPairing(): Pairing {
  const state: State = {
    begun: new Map(),
    ended: new Map(),
    complete: [new Set(), new Set()],
    limited: false,
  }
  const { begun, ended } = state

  function finish(key: string): void {
    const [newer] = state.complete
    newer.add(copyOf(key))
    if (newer.size >= remembered) state.complete = [new Set(), newer]
  }

  /** Whether the other half of it is known; then both are done with. */
  function meet(key: string, other: Map<string, Unfinished>): boolean {
    if (other.delete(key)) {
      finish(key)
      return true
    }
    const [newer, older] = state.complete
    return newer.has(key) || older.has(key)
  }

  /** Asked before what waits is made: past the limit that is nothing. */
  function hasRoom(mine: Map<string, Unfinished>): boolean {
    state.limited ||= mine.size >= followed
    return mine.size < followed
  }

  function allowed(key: string, stream: string, seq: number): void {
    if (meet(key, ended) || !hasRoom(begun)) return
    const own = copyOf(key)
    begun.set(own, { kind: 'decision_without_outcome', stream, seq, decision: own })
  }

  return {
    state,
    visit({ kind, stream, seq, id, decision, refs: found }) {
      if (!pairedKinds.includes(kind)) return
      const refs = (found ?? {}) as AuditRefs
      if (kind === 'decision') {
        if (decision === 'allow' && refs.approval === undefined) allowed(String(id), stream, seq)
      } else if (kind === 'grant.used') {
        // Its decision asked for a person, who had said yes before.
        if (refs.decision !== undefined) allowed(String(refs.decision), stream, seq)
      } else if (refs.attempt !== undefined) {
        // Ids of decisions are not chosen so.
        const key = `attempt ${refs.attempt}`
        const redeemed = kind === 'token.redeemed'
        const mine = redeemed ? begun : ended
        if (meet(key, redeemed ? ended : begun) || !hasRoom(mine)) return
        const what = redeemed ? 'attempt_without_outcome' : 'outcome_without_redeem'
        mine.set(key, { kind: what, stream, seq, ...pick(refs) })
      } else if (kind === 'outcome' && refs.decision !== undefined && refs.approval === undefined) {
        const key = String(refs.decision)
        if (meet(key, begun) || !hasRoom(ended)) return
        ended.set(copyOf(key), { kind: 'outcome_without_redeem', stream, seq, ...pick(refs) })
      }
    },
    absorb({ state: other }) {
      for (const key of other.complete.flatMap((keys) => [...keys])) {
        begun.delete(key)
        ended.delete(key)
        finish(key)
      }
      for (const [key, open] of other.begun) {
        if (!meet(key, ended) && hasRoom(begun)) begun.set(key, open)
      }
      for (const [key, open] of other.ended) {
        if (!meet(key, begun) && hasRoom(ended)) ended.set(key, open)
      }
      state.limited ||= other.limited
    },
    result: () => ({ unfinished: [...begun.values(), ...ended.values()], limited: state.limited }),
  }
}

/** A slice, as the quick look gives it, would keep the lines around it in memory for as long as it is remembered. */
const copyOf = (text: string): string => `${text} `.slice(0, -1)

function pick({ decision, approval, attempt }: AuditRefs) {
  return {
    ...(typeof decision === 'string' && { decision: copyOf(decision) }),
    ...(typeof approval === 'string' && { approval: copyOf(approval) }),
    ...(typeof attempt === 'string' && { attempt: copyOf(attempt) }),
  }
}

export function pairingWarnings({ unfinished, limited }: PairingResult): string[] {
  const words = {
    decision_without_outcome:
      'allowed and have no recorded outcome: not run by the engine, or not known to have ended',
    attempt_without_outcome:
      'begun after an approval and have no recorded outcome: whether they took effect is not known',
    outcome_without_redeem: 'recorded with an outcome, but not with what began them',
  }
  const warnings: string[] = []
  for (const [kind, found] of Map.groupBy(unfinished, (one) => one.kind)) {
    const [first] = found
    warnings.push(
      `${found.length} calls were ${words[kind]} (first: ${first?.stream}/${first?.seq})`,
    )
  }
  if (limited) warnings.push('too many calls are open at once: not all outcomes were paired')
  return warnings
}
