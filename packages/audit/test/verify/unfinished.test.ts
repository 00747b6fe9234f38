import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { createPairing, type Paired } from '../../src/verify/unfinished.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const count = 100
const bytes = 500_000

/** An id that is a slice of a long text, as the quick look at a log gives it. */
const sliceOf = (n: number): string =>
  Buffer.alloc(bytes, `${n} of some lines `).toString('latin1').slice(0, 30)

function heldBy(events: (n: number) => Paired[]): number {
  const pairing = createPairing()
  collect()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < count; n += 1) for (const event of events(n)) pairing.visit(event)
  collect()
  const held = process.memoryUsage().heapUsed - before
  expect(pairing.state.limited).toBe(false) // it is still there
  return held
}

const at = { stream: 'a', seq: 1 }
const begun = (n: number): Paired => ({
  ...at,
  kind: 'decision',
  decision: 'allow',
  id: sliceOf(n),
})
const ended = (n: number): Paired => ({ ...at, kind: 'outcome', refs: { decision: sliceOf(n) } })

it.each([
  ['begun', (n: number) => [begun(n)]],
  ['ended', (n: number) => [ended(n)]],
  ['complete', (n: number) => [begun(n), ended(n)]],
])('keeps none of the lines around the ids of calls that are %s', (_, events) => {
  expect(heldBy(events)).toBeLessThan((count * bytes) / 10)
})
