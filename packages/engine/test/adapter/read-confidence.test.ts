import { expect, test } from 'vitest'
import type { ConfidenceReader, ConfidenceSignal } from '../../src/adapter/index.ts'
import { readConfidence } from '../../src/adapter/index.ts'

const evidence = () => ({ call: { id: 'call-1', tool: 'trade', input: { amount: 5 } } })
const signal: ConfidenceSignal = { method: 'external', trust: 'adapter', value: 0.9, score: 2.2 }
const nothing = { value: null, score: null, evidence: { error: 'the confidence reader failed' } }

/** The same answer at once, and later. */
async function answers(answer: unknown): Promise<unknown[]> {
  const readers = [() => answer, async () => answer] as ConfidenceReader[]
  return Promise.all(readers.map(async (reader) => readConfidence(reader, evidence)))
}

test('what a reader finds is passed on, and so is that there is none', async () => {
  expect(await answers(signal)).toEqual([signal, signal])
  expect(await answers(undefined)).toEqual([undefined, undefined])
  expect(await answers(null)).toEqual([undefined, undefined])
})

test.each<[string, unknown]>([
  ['no object', 0.9],
  ['without a score', { method: 'external', trust: 'adapter', value: 0.9 }],
  ['with a score that is no number', { ...signal, score: Number.NaN }],
  ['with more than certainty', { ...signal, value: 1.1 }],
  ['of a method that nobody knows', { ...signal, method: 'guess' }],
  ['with a member that nobody knows', { ...signal, sure: true }],
  ['with evidence that is too large', { ...signal, evidence: 'x'.repeat(2 ** 21) }],
  ['with evidence that is no JSON', { ...signal, evidence: () => 1 }],
])('a signal %s is none: it refuses no call, and permits none', async (_what, wrong) => {
  expect(await answers(wrong)).toMatchObject([nothing, nothing])
})

test('a reader that throws, now or later, has found nothing', async () => {
  const fail = () => {
    throw new Error('the key of the provider')
  }
  expect(await readConfidence(fail, evidence)).toMatchObject(nothing)
  expect(await readConfidence(async () => fail(), evidence)).toMatchObject(nothing)
  expect(await readConfidence(() => signal, fail)).toMatchObject(nothing)
})

test('a reader that never answers has found nothing when its time is over', async () => {
  const never = () => new Promise<never>(() => {})
  expect(await readConfidence(never, evidence, 20)).toMatchObject({
    value: null,
    evidence: { error: 'the confidence reader did not answer in time' },
  })
  expect(await readConfidence(() => signal, never, 20)).toMatchObject({ value: null })
})
