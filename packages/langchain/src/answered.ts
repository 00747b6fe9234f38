import { keepNewest } from './keep-newest.ts'

type PlacedCall = { run: string; id: string }

/** By engine. */
const answered = new WeakMap<object, Map<string, true>>()

const keyOf = ({ run, id }: PlacedCall): string => JSON.stringify([run, id])

/**
 * Notes a call that ran and was answered right here, so that the store need not be asked what became of it. Not one that
 * was refused: edited in the thread, it is another call than the one that waits under its ids.
 */
export function noteAnswered(lelu: object, call: PlacedCall): void {
  const kept = answered.get(lelu) ?? new Map<string, true>()
  answered.set(lelu, kept)
  keepNewest(kept, keyOf(call), true)
}

/** False also of one that another process answered: nothing but the store knows of it here. */
export function isAnsweredHere(lelu: object, call: PlacedCall): boolean {
  return answered.get(lelu)?.has(keyOf(call)) === true
}
