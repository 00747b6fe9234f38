import { readRecords } from '@lelu/audit/reading'
import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { createLelu, fromKeyv, type Lelu, type Requirement } from '../../src/index.ts'
import {
  approved,
  bob,
  policyOf,
  temporaryFolder,
  testClock,
  testEngine,
  trade,
} from '../support.ts'

import { asked, asking, statusOf, terms } from './support.ts'

describe('a standing grant', () => {
  it('lets calls like the approved one run, as often as it says and no more', async () => {
    const lelu = await testEngine()
    const grant = await lelu.grants.create(await approved(lelu), terms)
    expect(grant).toMatchObject({ state: 'active', uses: 0, maxUses: 3, tool: 'trade' })
    const tool = vi.fn(() => 'ran')
    const first = await lelu.guard(asked(), tool)
    expect(first).toMatchObject({
      status: 'executed',
      decision: { effect: 'allow', reasons: [{ id: 'standing_grant' }] },
    })
    const others = [await statusOf(lelu), await statusOf(lelu), await statusOf(lelu)]
    expect(others).toEqual(['executed', 'executed', 'suspended'])
    expect((await lelu.grants.get(grant.id)).uses).toBe(3)
  })

  it('is about this agent, tool, server, schema and input alone', async () => {
    const lelu = await testEngine()
    await lelu.grants.create(await approved(lelu), { ...terms, maxUses: 100 })
    expect(await statusOf(lelu, asked({ symbol: 'ACME', amount: 101 }))).toBe('suspended')
    expect(await statusOf(lelu, asked(undefined, { server: 'other' }))).toBe('suspended')
    expect(await statusOf(lelu, asked(undefined, { schema: {} }))).toBe('suspended')
    const alice = { id: 'alice', type: 'user' as const }
    const trader = { id: 'trader-1', type: 'agent' as const }
    for (const subject of [
      { ...trader, id: 'trader-2', actingFor: alice },
      trader,
      { ...trader, actingFor: { ...alice, id: 'mallory' } },
      { ...trader, actingFor: { ...alice, actingFor: { ...alice, id: 'mallory' } } },
    ]) {
      expect(await statusOf(lelu, { ...asked(), subject })).toBe('suspended')
    }
    const resource = { type: 'account', id: '42' }
    expect(await statusOf(lelu, { ...asked(), resource })).toBe('suspended')
    expect(await statusOf(lelu, { ...asked(), tenant: 'other' })).toBe('suspended')
    expect(await statusOf(lelu, asked())).toBe('executed')
  })

  it('lets vary what the policy does not name, and nothing of what it names', async () => {
    const lelu = await testEngine({ policies: asking({ standing: ['/symbol', '/limits/day'] }) })
    const id = await approved(lelu, { input: { symbol: 'ACME', amount: 1, limits: { day: 5 } } })
    await lelu.grants.create(id, { ...terms, maxUses: 100 })
    const status = (input: object) => statusOf(lelu, asked(input))
    expect(await status({ symbol: 'ACME', amount: 999, limits: { day: 5, note: 'x' } })).toBe(
      'executed',
    )
    expect(await status({ symbol: 'GLOBEX', amount: 1, limits: { day: 5 } })).toBe('suspended')
    expect(await status({ symbol: 'ACME', amount: 1, limits: { day: 6 } })).toBe('suspended')
    expect(await status({ symbol: 'ACME', amount: 1, limits: {} })).toBe('suspended')
    expect(await status({ symbol: 'ACME', amount: 1, limits: { day: null } })).toBe('suspended')
  })

  it('never allows what the agent does for the one who granted it (invariant 5)', async () => {
    const lelu = await testEngine()
    await lelu.grants.create(await approved(lelu), { ...terms, maxUses: 100 })
    const actingFor = { id: bob.id, type: 'user' as const }
    const subject = { id: 'trader-1', type: 'agent' as const, actingFor }
    expect(await statusOf(lelu, { ...asked(), subject })).toBe('suspended')
  })

  it('never goes over a deny, and not over a policy that asks for more by now', async () => {
    let requirement: Partial<Requirement> = {}
    let effect: 'require_approval' | 'deny' = 'require_approval'
    const lelu = await testEngine({
      policies: policyOf(() => ({
        effect,
        reasons: [{ id: 'asked', message: 'A person must look.' }],
        requirements: [{ id: 'r', quorum: 1, reviewers: null, expiresInMs: null, ...requirement }],
      })),
    })
    await lelu.grants.create(await approved(lelu), { ...terms, maxUses: 100 })
    expect(await statusOf(lelu)).toBe('executed')
    requirement = { standing: false }
    expect(await statusOf(lelu)).toBe('suspended')
    requirement = { quorum: 2 }
    expect(await statusOf(lelu)).toBe('suspended')
    requirement = { reviewers: ['carol'] }
    expect(await statusOf(lelu)).toBe('suspended')
    requirement = { standing: ['/symbol'] }
    expect(await statusOf(lelu)).toBe('suspended')
    requirement = {}
    effect = 'deny'
    expect(await statusOf(lelu)).toBe('denied')
  })

  it('ends when its time is over', async () => {
    const clock = testClock()
    const lelu = await testEngine({ now: clock.now })
    await lelu.grants.create(await approved(lelu), terms)
    clock.advance(terms.expiresInMs - 1)
    expect(await statusOf(lelu)).toBe('executed')
    clock.advance(1)
    expect(await statusOf(lelu)).toBe('suspended')
  })

  it.each(['grant', 'agent', 'user', 'tenant', 'all'] as const)(
    'ends at the very next call of another process when its %s is revoked',
    async (scope) => {
      const directory = temporaryFolder()
      const store = new Keyv()
      const lelu = await testEngine({ directory, store })
      const other = await testEngine({ directory, store })
      const { id } = await lelu.grants.create(await approved(lelu), terms)
      expect(await statusOf(other)).toBe('executed')
      const targets = {
        ...{ grant: { grant: id }, agent: { agent: 'trader-1' }, user: { user: 'alice' } },
        ...{ tenant: { tenant: 'default' }, all: { all: true as const } },
      }
      await lelu.tokens.revoke(targets[scope], { by: bob, reason: 'Enough.' })
      expect(await statusOf(other)).toBe('suspended')
    },
  )

  it('made again has new terms, also after it was revoked or used up', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const first = await lelu.grants.create(id, { ...terms, maxUses: 1 })
    expect([await statusOf(lelu), await statusOf(lelu)]).toEqual(['executed', 'suspended'])
    await lelu.grants.revoke(first.id)
    const second = await lelu.grants.create(id, { ...terms, maxUses: 1 })
    expect(second).toMatchObject({ id: first.id, state: 'active', uses: 0 })
    expect([await statusOf(lelu), await statusOf(lelu)]).toEqual(['executed', 'suspended'])
    expect((await lelu.grants.list()).grants).toHaveLength(1)
  })

  it('is used no more often than it says by many at once', async () => {
    const directory = temporaryFolder()
    const store = new Keyv()
    const engines = [await testEngine({ directory, store }), await testEngine({ directory, store })]
    const [lelu] = engines as [Lelu]
    await lelu.grants.create(await approved(lelu), { ...terms, maxUses: 7 })
    const statuses = await Promise.all(
      Array.from({ length: 20 }, (_, n) => statusOf(engines[n % 2] as Lelu)),
    )
    expect(statuses.filter((status) => status === 'executed')).toHaveLength(7)
    expect(statuses.filter((status) => status === 'suspended')).toHaveLength(13)
  })

  it('stands in the log: made, each use, and revoked', async () => {
    const directory = temporaryFolder()
    const lelu = await createLelu({ directory, store: new Keyv(), policies: asking() })
    const { id } = await lelu.grants.create(await approved(lelu), terms)
    await statusOf(lelu)
    await lelu.grants.revoke(id, { by: bob, reason: 'Enough.' })
    await lelu.close()
    const kinds: unknown[] = []
    for await (const { record } of readRecords({ directory: `${directory}/audit` })) {
      const { kind, refs } = record as { kind: string; refs?: { grant?: string } }
      if (refs?.grant === id) kinds.push(kind)
    }
    expect(kinds).toEqual(['grant.created', 'grant.used', 'grant.revoked'])
  })

  it('is listed beside the approvals, and is none of them', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const grant = await lelu.grants.create(id, terms)
    expect(await lelu.grants.list()).toEqual({ grants: [grant], altered: [], next: null })
    const { approvals, altered, next } = await lelu.approvals.list({ limit: 2 })
    expect([approvals.map((one) => one.id), altered, next]).toEqual([[id], [], null])
    const notFound = expect.objectContaining({ code: 'LELU_APPROVAL_NOT_FOUND' })
    await expect(lelu.approvals.get(grant.id)).rejects.toEqual(notFound)
    await expect(lelu.approvals.cancel(grant.id)).rejects.toEqual(notFound)
    await expect(lelu.grants.get(id)).rejects.toMatchObject({ code: 'LELU_GRANT_NOT_FOUND' })
    await expect(lelu.grants.revoke('grt_none')).rejects.toMatchObject({
      code: 'LELU_GRANT_NOT_FOUND',
    })
  })

  it('cannot be taken for the approval of a call, whatever its run and its id', async () => {
    const lelu = await testEngine()
    const { match } = await lelu.grants.create(await approved(lelu), terms)
    const request = trade(0.85, { id: match.digest }, { run: 'standing' })
    expect((await lelu.approvals.find({ run: 'standing', call: match.digest }))?.id).toBeUndefined()
    expect(await statusOf(lelu, { ...request, tenant: 'other' })).toBe('suspended')
  })
})

it('an altered grant is named, allows nothing and hides no other', async () => {
  const store = new Keyv()
  const lelu = await testEngine({ store })
  const one = await lelu.grants.create(await approved(lelu), terms)
  const other = await approved(lelu, { id: 'o', input: { symbol: 'ACME', amount: 7 } })
  const sound = await lelu.grants.create(other, terms)
  const driver = fromKeyv(store)
  const row = await driver.get(one.id)
  if (row === undefined) throw new Error('no row')
  await driver.swap(row.rev, { ...row, body: row.body.replace('"maxUses":3', '"maxUses":9') })
  expect(await lelu.grants.list()).toEqual({ grants: [sound], altered: [one.id], next: null })
  await expect(statusOf(lelu)).rejects.toMatchObject({ code: 'LELU_APPROVAL_ALTERED' })
})
