import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Json } from '../../src/index.ts'
import { inputOf, load } from './support.ts'

const file = join(import.meta.dirname, '../../../../policies/README.md')
const [asking = '', failing = ''] = [
  ...readFileSync(file, 'utf8').matchAll(/```rego\n([\s\S]+?)```/g),
].map(([, rules]) => rules ?? '')

it('the sample in the README of the policies asks, reminds and escalates as it says', async () => {
  const policy = await load(asking)
  const answer = policy.evaluate(inputOf({ action: 'transfer', args: { amount: 20_000 } }))
  expect(answer).toMatchObject({
    effect: 'require_approval',
    requirements: [
      {
        remindEveryMs: 900_000,
        escalation: [{ afterMs: 1_800_000 }, { afterMs: 7_200_000 }],
      },
    ],
  })
  expect(policy.evaluate(inputOf({ action: 'transfer', args: { amount: 1 } })).effect).toBe('deny')
})

it('the sample whose deny can fail there allows nothing that makes it fail', async () => {
  const policy = await load(failing)
  const effectOf = (args: { total?: Json; count?: Json }) =>
    policy.evaluate(inputOf({ action: 'order', args })).effect
  expect(effectOf({ total: 100, count: 1 })).toBe('allow')
  expect(effectOf({ total: 1000, count: 1 })).toBe('deny')
  const odd: Json[] = [0, -1, '0', '1', 'ten', null, true, [], {}]
  for (const count of odd) expect(effectOf({ total: 1000, count }), `${count}`).toBe('deny')
  expect(effectOf({ total: '1000', count: 1 })).toBe('deny')
  expect(effectOf({ total: 1000 })).toBe('deny')
})
