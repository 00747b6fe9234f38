import type { AuditRecord, AuditRefs } from '../record/record.ts'
import type { Unfinished } from './report.ts'

/** So many open calls are followed at once; past that the oldest are no longer paired. */
const followed = 100_000
/** An event can be written twice, when a process dies right after it: pairs that are complete are known for a while. */
const remembered = 10_000

export type PairingResult = { unfinished: Unfinished[]; limited: boolean }

/** Pairs what was begun with how it ended, over all streams and in any order of them. */
export function createPairing(): { visit(record: AuditRecord): void; result(): PairingResult } {
  const begun = new Map<string, Unfinished>()
  const ended = new Map<string, Unfinished>()
  const complete = new Set<string>()
  let limited = false

  function pair(
    key: string,
    mine: Map<string, Unfinished>,
    other: Map<string, Unfinished>,
    open: Unfinished,
  ) {
    if (complete.has(key)) return
    if (other.delete(key)) {
      complete.add(key)
      for (const oldest of complete) {
        if (complete.size <= remembered) break
        complete.delete(oldest)
      }
    } else if (mine.size < followed) mine.set(key, open)
    else limited = true
  }

  return {
    visit(record) {
      const { kind, stream, seq, id } = record
      const refs = (record.refs ?? {}) as AuditRefs
      const place = { stream, seq, ...pick(refs) }
      if (kind === 'decision' && record.decision === 'allow' && refs.approval === undefined) {
        const open: Unfinished = { ...place, kind: 'decision_without_outcome', decision: id }
        pair(`decision ${id}`, begun, ended, open)
      }
      if (kind === 'token.redeemed' && refs.attempt !== undefined) {
        pair(`attempt ${refs.attempt}`, begun, ended, { ...place, kind: 'attempt_without_outcome' })
      }
      if (kind === 'outcome') {
        const open: Unfinished = { ...place, kind: 'outcome_without_redeem' }
        if (refs.attempt !== undefined) pair(`attempt ${refs.attempt}`, ended, begun, open)
        else if (refs.decision !== undefined && refs.approval === undefined) {
          pair(`decision ${refs.decision}`, ended, begun, open)
        }
      }
    },
    result: () => ({ unfinished: [...begun.values(), ...ended.values()], limited }),
  }
}

function pick({ decision, approval, attempt }: AuditRefs) {
  return {
    ...(typeof decision === 'string' && { decision }),
    ...(typeof approval === 'string' && { approval }),
    ...(typeof attempt === 'string' && { attempt }),
  }
}
