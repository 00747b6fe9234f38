import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Json } from '../../src/index.ts'
import { readRequirement, requirementKeys } from '../../src/policy/read-requirement.ts'
import { policyReasons } from '../../src/policy/reasons.ts'
import { inputOf, load } from './support.ts'

const file = join(import.meta.dirname, '../../../../policies/README.md')
const page = readFileSync(file, 'utf8')
const [asking = '', failing = ''] = [...page.matchAll(/```rego\n([\s\S]+?)```/g)].map(
  ([, rules]) => rules ?? '',
)

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

it('the README names all that a policy reads, may say of a reviewer, and is told by the engine', () => {
  const cells = [...page.matchAll(/^\| (`[^|]+?) +\|/gm)].map(([, cell]) => cell ?? '')
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  for (const name of Object.keys(inputOf())) expect(named).toContain(name)
  for (const name of requirementKeys) expect(named).toContain(name)
  for (const name of Object.keys(policyReasons)) expect(named).toContain(name)
})

it('the README gives the limits of a requirement as they are', () => {
  const names = (count: number) => Array.from({ length: count }, (_, n) => `person-${n}`)
  const read = (extra: Record<string, Json>) => readRequirement({ id: 'ask', message: 'x', extra })
  const steps = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ after: n + 1, groups: ['g'] }))
  const within: Record<string, Json>[] = [
    { reviewers: names(100) },
    { groups: names(100) },
    { quorum: 1 },
    { quorum: 20 },
    { expires_in: '366d' },
    { remind_every: '60s' },
    { escalate: steps(5) },
  ]
  const beyond: Record<string, Json>[] = [
    { reviewers: names(101) },
    { groups: names(101) },
    { quorum: 0 },
    { quorum: 21 },
    { expires_in: '367d' },
    { remind_every: '59s' },
    { escalate: steps(6) },
    { escalate: [] },
  ]
  for (const extra of within) expect(read(extra), JSON.stringify(extra)).not.toBeNull()
  for (const extra of beyond) expect(read(extra), JSON.stringify(extra)).toBeNull()
})
