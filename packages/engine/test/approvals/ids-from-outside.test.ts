import { join } from 'node:path'
import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import type { ApprovalRecord } from '../../src/approvals/record.ts'
import { fromKeyv, isLeluError, type Lelu, type LeluError, sqliteStore } from '../../src/index.ts'
import { bob, suspended, temporaryFolder, testEngine } from '../support.ts'

const notFound = { code: 'LELU_APPROVAL_NOT_FOUND' }
type Ask = (lelu: Lelu, id: never) => Promise<unknown>

/** Every public way to reach an approval by its id. */
const asks: [string, Ask][] = [
  ['get', (lelu, id) => lelu.approvals.get(id)],
  ['review', (lelu, id) => lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })],
  [
    'review with an edit',
    (lelu, id) => lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input: {} }),
  ],
  ['cancel', (lelu, id) => lelu.approvals.cancel(id)],
  [
    'reconcile',
    (lelu, id) => lelu.approvals.reconcile(id, { as: 'retry', reviewer: bob, reason: 'seen' }),
  ],
  ['wait', (lelu, id) => lelu.approvals.wait(id, { timeoutMs: 10 })],
  ['mint', (lelu, id) => lelu.tokens.mint(id)],
  ['resume', (lelu, id) => lelu.resume(id, () => 'ran')],
  ['grant', (lelu, id) => lelu.grants.create(id, { reviewer: bob, expiresInMs: 1000, maxUses: 1 })],
]

describe('an id that is no string', () => {
  // A host that hands on what it parsed would let its caller write the record: the seal is looked at when it is loaded.
  it.each(asks)("is nobody's for %s, also when it is the record itself", async (_name, ask) => {
    const path = join(temporaryFolder(), 'approvals.db')
    const store = new Keyv({ store: sqliteStore({ path }) })
    const lelu = await testEngine({ store })
    const id = await suspended(lelu)
    const row = await fromKeyv(store).get(id)
    const record = JSON.parse(row?.body ?? '') as ApprovalRecord
    const forged = { ...record, state: 'approved', requirements: [], approvedAt: Date.now() }
    for (const given of [forged, { ...record, state: 'unknown' }, undefined, null, 7, [id]])
      await expect(ask(lelu, given as never)).rejects.toMatchObject(notFound)
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'pending', revision: 1 })
  })

  it("is nobody's among grants and notifications", async () => {
    const lelu = await testEngine()
    for (const given of [undefined, 7, {}] as never[]) {
      await expect(lelu.grants.get(given)).rejects.toMatchObject({ code: 'LELU_GRANT_NOT_FOUND' })
      await expect(lelu.notifications.retry(given)).rejects.toMatchObject({
        code: 'LELU_NOTIFICATION_NOT_FOUND',
      })
    }
  })
})

describe('an id that nobody has', () => {
  it.each([
    ['approval', (lelu: Lelu, id: string) => lelu.approvals.get(`apr_${id}`)],
    ['grant', (lelu: Lelu, id: string) => lelu.grants.get(`grt_${id}`)],
    ['notification', (lelu: Lelu, id: string) => lelu.notifications.retry(`und_${id}`)],
  ])('of %s is short in what is said of it, and steers no terminal', async (kind, ask) => {
    const lelu = await testEngine()
    const id = `\u001b[2J\u009b1m\n\u202e\ud800${'x'.repeat(1_000_000)}`
    const error = await ask(lelu, id).catch((thrown: LeluError) => thrown)
    if (!isLeluError(error)) throw new Error('it was found')
    const shown = error.details?.[kind]
    expect(error.message).toContain(shown)
    expect(error.message).toMatch(/^[^\p{C}]{1,300}$/u)
  })
})

describe('a list', () => {
  // An authentication that found no tenant must not open everybody's.
  it.each([undefined, null, '', 7, 'a\0', '\ud800'])(
    'for the tenant %j is refused',
    async (tenant) => {
      const lelu = await testEngine()
      await suspended(lelu)
      const filter = { tenant } as never
      const refused = { code: 'LELU_REQUEST_INVALID' }
      await expect(lelu.approvals.list(filter)).rejects.toMatchObject(refused)
      await expect(lelu.grants.list(filter)).rejects.toMatchObject(refused)
      await expect(lelu.notifications.list(filter)).rejects.toMatchObject(refused)
      const call = { run: 'r', call: 'c', tenant } as never
      await expect(lelu.approvals.find(call)).rejects.toMatchObject(refused)
    },
  )

  it.each([Number.NaN, 'abc', 10n, null])('of %s rows is refused', async (limit) => {
    const lelu = await testEngine({ store: undefined as never })
    const refused = { code: 'LELU_REQUEST_INVALID' }
    await expect(lelu.approvals.list({ limit: limit as never })).rejects.toMatchObject(refused)
    await expect(lelu.grants.list({ limit: limit as never })).rejects.toMatchObject(refused)
  })

  it.each([null, 7, {}])('after %j, which is no next page, is refused', async (after) => {
    const lelu = await testEngine()
    const refused = { code: 'LELU_REQUEST_INVALID', details: { path: 'after' } }
    const filter = { after } as never
    await expect(lelu.approvals.list(filter)).rejects.toMatchObject(refused)
    await expect(lelu.grants.list(filter)).rejects.toMatchObject(refused)
  })

  it.each(['standing', 'Pending', '\0', '', null, {}, 'constructor'])(
    'of the state %j, which no approval has, is refused and not empty',
    async (state) => {
      const lelu = await testEngine()
      await suspended(lelu)
      await expect(lelu.approvals.list({ state } as never)).rejects.toMatchObject({
        code: 'LELU_REQUEST_INVALID',
        help: expect.stringContaining('pending'),
        details: { path: 'state' },
      })
    },
  )

  it('shows the others, and names a row whose state was altered into one of another kind', async () => {
    const store = new Keyv()
    const lelu = await testEngine({ store })
    const ids: string[] = []
    for (const call of ['a', 'b', 'c']) ids.push(await suspended(lelu, { id: call }))
    const driver = fromKeyv(store)
    const row = await driver.get(ids[0] as string)
    if (row === undefined) throw new Error('no row')
    await driver.swap(row.rev, { ...row, state: 'standing' })
    expect(await lelu.approvals.list()).toMatchObject({
      approvals: [{ id: ids[1] }, { id: ids[2] }],
      altered: [ids[0]],
    })
    await expect(lelu.approvals.get(ids[0] as string)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_ALTERED',
    })
  })
})

it('a wait for no number of milliseconds ends at once', async () => {
  const lelu = await testEngine()
  const id = await suspended(lelu)
  expect(await lelu.approvals.wait(id, { timeoutMs: Number.NaN })).toMatchObject({ id })
})
