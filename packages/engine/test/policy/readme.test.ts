import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inputOf, load } from './support.ts'

it('the sample in the README of the policies asks, reminds and escalates as it says', async () => {
  const file = join(import.meta.dirname, '../../../../policies/README.md')
  const [, rules] = /```rego\n([\s\S]+?)```/.exec(readFileSync(file, 'utf8')) ?? []
  const policy = await load(rules ?? '')
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
