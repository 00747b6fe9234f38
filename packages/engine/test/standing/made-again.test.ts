import type { AuditRefs } from '@lelu/audit'
import { Keyv } from 'keyv'
import { expect, test } from 'vitest'
import { type Lelu, sqliteStore } from '../../src/index.ts'
import { recordsOf } from '../recorded/support.ts'
import { approved, bob, temporaryFolder, testEngine } from '../support.ts'
import { asked, statusOf, terms } from './support.ts'

const soon = () => new Promise((next) => setTimeout(next, 5))

/** On a database a row keeps when it was made, and the seal covers that. */
function onSqlite(): Promise<Lelu> {
  const path = `${temporaryFolder()}/approvals.db`
  return testEngine({ store: new Keyv({ store: sqliteStore({ path }) }) as never })
}

test('a grant that is made again has the new terms, and can be used, listed and revoked', async () => {
  const lelu = await onSqlite()
  const id = await approved(lelu, {}, { run: 'run-1' })
  const first = await lelu.grants.create(id, { ...terms, maxUses: 1 })
  expect([await statusOf(lelu), await statusOf(lelu)]).toEqual(['executed', 'suspended'])
  await soon()
  const again = await lelu.grants.create(id, { ...terms, maxUses: 2 })
  expect(again).toMatchObject({ id: first.id, uses: 0, maxUses: 2, createdAt: first.createdAt })
  expect(again.grantedAt).toBeGreaterThan(first.grantedAt)
  expect(await statusOf(lelu)).toBe('executed')
  expect((await lelu.grants.list()).altered).toEqual([])
  await lelu.grants.revoke(first.id)
  expect(await statusOf(lelu)).toBe('suspended')
  await soon()
  await lelu.grants.create(id, terms)
  expect(await statusOf(lelu)).toBe('executed')
})

test('the log tells of all terms of a grant under its one id, also when two give them at once', async () => {
  const directory = temporaryFolder()
  const lelu = await testEngine({ directory })
  const id = await approved(lelu, {}, { run: 'run-1' })
  const once = { ...terms, maxUses: 1 }
  const [first, second] = await Promise.all([
    lelu.grants.create(id, once),
    lelu.grants.create(id, { ...once, reason: 'the same again' }),
  ])
  expect(second.id).toBe(first.id)
  await statusOf(lelu)
  await lelu.grants.revoke(first.id)
  await lelu.grants.create(id, { ...once, reason: 'made again' })
  await statusOf(lelu)
  await lelu.close()
  const told = (await recordsOf(directory)).filter(
    ({ kind, refs }) => kind.startsWith('grant.') && (refs as AuditRefs).grant === first.id,
  )
  expect(told.map(({ kind, reason }) => [kind, reason ?? null]).slice(-4)).toEqual([
    ['grant.used', null],
    ['grant.revoked', 'no reason given'],
    ['grant.created', 'made again'],
    ['grant.used', null],
  ])
  expect(told.map(({ kind }) => kind).slice(0, 2)).toEqual(['grant.created', 'grant.created'])
})

test('an older revocation at large does not cover a grant that is made again after it', async () => {
  const lelu = await onSqlite()
  await lelu.grants.create(await approved(lelu, {}, { run: 'run-1' }), terms)
  await lelu.tokens.revoke({ agent: 'trader-1' }, { by: bob })
  expect(await statusOf(lelu)).toBe('suspended')
  await soon()
  await lelu.grants.create(await approved(lelu, { id: 'later' }, { run: 'run-2' }), terms)
  expect(await statusOf(lelu)).toBe('executed')
})

test('a grant for a call that only reads is none for the same call with another effect', async () => {
  const lelu = await onSqlite()
  await lelu.grants.create(await approved(lelu, { effect: 'read' }, { run: 'run-1' }), terms)
  expect(await statusOf(lelu)).toBe('suspended')
  expect(await statusOf(lelu, asked(undefined, { effect: 'read' }))).toBe('executed')
})
