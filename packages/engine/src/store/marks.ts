import type { Answer } from '../answer.ts'
import type { ApprovalStore } from './store.ts'
import { timedBy } from './timed.ts'

/** Reads watermarks from the store itself, never from a memory of them. */
export type ReadMarks = (scopes: readonly string[]) => Promise<Record<string, number>>

/** What is asked in one turn goes to the store as one question: a redeem asks for revocations and the kill switch. */
export function markReader(store: ApprovalStore, deadlineMs: number): ReadMarks {
  const timed = timedBy(deadlineMs)
  let asked: { scopes: Set<string>; answer: Promise<Record<string, number>> } | undefined

  function ask(scopes: Set<string>): Answer<Record<string, number>> {
    asked = undefined // whoever asks from now on must be told of what is set from now on
    return timed(store.watermarks([...scopes]), 'reading revocations and the kill switch')
  }

  return (scopes) => {
    if (asked === undefined) {
      const mine = new Set<string>()
      asked = { scopes: mine, answer: Promise.resolve().then(() => ask(mine)) }
    }
    for (const scope of scopes) asked.scopes.add(scope)
    return asked.answer
  }
}
