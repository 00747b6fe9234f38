import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu } from '@lelu/engine'
import { expect, onTestFinished, test } from 'vitest'
import { argumentsText, fakeClock, fakeModel, lastWord, suitePolicy } from '../src/fakes.ts'

test('by the fake clock and the policy of the suite, an approval ends when the clock is advanced, and not before', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-fakes-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const clock = fakeClock()
  const lelu = await createLelu({
    ...{ directory, policies: suitePolicy, approveWithinMs: 60_000 },
    now: clock.now,
  })
  const call = { id: 'call-1', tool: 'reviewed', input: { amount: 5 } }
  const request = { subject: { id: 'agent-1', type: 'agent' as const }, run: 'run-1', call }
  expect(await lelu.guard(request, () => 'ran')).toMatchObject({ status: 'suspended' })
  clock.advance(59_999)
  expect(await lelu.guard(request, () => 'ran')).toMatchObject({ status: 'suspended' })
  clock.advance(1)
  expect(await lelu.guard(request, () => 'ran')).toMatchObject({
    status: 'denied',
    approval: { state: 'expired' },
  })
  await lelu.close()
})

test('the fake model makes the calls of each step, then has its last word, and may be down', () => {
  const first = { id: 'a', tool: 'allowed', input: { amount: '5' } }
  const broken = { id: 'b', tool: 'allowed', input: { raw: '{"amount": ' } }
  const model = fakeModel([[first], [broken]])
  expect([0, 1, 2].map((said) => model.answer(said))).toEqual([[first], [broken], []])
  expect([first, broken].map(argumentsText)).toEqual(['{"amount":"5"}', '{"amount": '])
  expect(() => fakeModel([], { down: true }).answer(0)).toThrow('is down')
  expect(lastWord).toBe('Finished.')
})
