import type { GuardedCall, GuardOptions } from './options.ts'
import { callId, runOf } from './place.ts'

const answered = new WeakMap<object, Set<string>>()
const maxKept = 4096

const keyOf = (options: GuardOptions, call: GuardedCall): string =>
  JSON.stringify([runOf(options, call), callId(call)])

/**
 * Notes a call that ran and was answered right here, so that the store need not be asked what became of it. Not one that
 * was refused: edited in the thread, it is another call than the one that waits under its ids.
 */
export function noteAnswered(options: GuardOptions, call: GuardedCall): void {
  const kept = answered.get(options.lelu) ?? new Set<string>()
  answered.set(options.lelu, kept.add(keyOf(options, call)))
  const [oldest] = kept
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
}

/** False also of one that another process answered: nothing but the store knows of it here. */
export function isAnsweredHere(options: GuardOptions, call: GuardedCall): boolean {
  return answered.get(options.lelu)?.has(keyOf(options, call)) === true
}
