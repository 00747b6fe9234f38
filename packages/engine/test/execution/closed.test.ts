import { join } from 'node:path'
import { openAuditLog } from '@lelu/audit'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished } from 'vitest'
import { createLelu, type Lelu, openReviewDesk, sqliteStore } from '../../src/index.ts'
import { recordsOf } from '../recorded/support.ts'
import { bob, overview, suspended, temporaryFolder, testEngine, trade } from '../support.ts'

/** What asks the store, and nothing before it. */
const asks: [string, (lelu: Lelu, id: string) => Promise<unknown>][] = [
  ['approvals.get', (lelu, id) => lelu.approvals.get(id)],
  ['approvals.find', (lelu) => lelu.approvals.find({ run: 'r', call: 'c' })],
  ['approvals.list', (lelu) => lelu.approvals.list()],
  ['approvals.wait', (lelu, id) => lelu.approvals.wait(id)],
  ['approvals.review', (lelu, id) => lelu.approvals.review(id, { verdict: 'deny', reviewer: bob })],
  ['killSwitch.isStopped', (lelu) => lelu.killSwitch.isStopped({ all: true })],
  ['grants.list', (lelu) => lelu.grants.list()],
  ['notifications.list', (lelu) => lelu.notifications.list()],
]

const stores = {
  'of its own': () => undefined,
  'in memory': () => new Keyv(),
  'of a Keyv': () => {
    const path = join(temporaryFolder(), 'approvals.db')
    return new Keyv({ store: sqliteStore({ path }) })
  },
}

it.each(Object.entries(stores))(
  'closed, an engine with a store %s answers nothing more from it',
  async (_what, storeOf) => {
    const store = storeOf()
    const shared = { directory: temporaryFolder(), ...(store && { store }) }
    const lelu = await createLelu({ ...shared, policies: overview })
    const id = await suspended(lelu)
    await lelu.close()
    for (const [name, ask] of asks)
      await expect(ask(lelu, id), name).rejects.toMatchObject({ code: 'LELU_ENGINE_CLOSED' })
    await lelu.close()
    await store?.disconnect()
  },
)

it('closed, an engine changes nothing that is outside of its store either', async () => {
  const directory = temporaryFolder()
  const places = { directory: join(directory, 'audit'), keys: join(directory, 'keys', 'audit') }
  const audit = await openAuditLog(places) // of the host, so that it stays open
  onTestFinished(() => audit.close())
  const open = { directory, audit, store: new Keyv() }
  const lelu = await createLelu({ ...open, policies: overview })
  await lelu.decide(trade(0.97))
  await lelu.close()
  const changes = {
    'inputs.erase': () => lelu.inputs.erase('alice', { by: bob, reason: 'asked to' }),
    'killSwitch.stop': () => lelu.killSwitch.stop({ all: true }),
    'killSwitch.start': () => lelu.killSwitch.start({ all: true }),
    'tokens.revoke': () => lelu.tokens.revoke({ agent: 'trader-1' }),
  }
  for (const [name, change] of Object.entries(changes))
    await expect(change(), name).rejects.toMatchObject({ code: 'LELU_ENGINE_CLOSED' })
  const kinds = (await recordsOf(directory)).map(({ kind }) => kind)
  expect(kinds).toEqual(['genesis', 'policy.loaded', 'decision'])
  const [record = {}] = await recordsOf(directory, 'decision')
  await expect(lelu.inputs.reveal(record)).rejects.toMatchObject({ code: 'LELU_ENGINE_CLOSED' })
  const next = await testEngine(open)
  expect(await next.inputs.reveal(record)).toMatchObject({ status: 'shown' })
})

it('closed while somebody waits for a review, an engine ends the wait', async () => {
  const lelu = await testEngine()
  const waiting = lelu.approvals.wait(await suspended(lelu))
  const ended = expect(waiting).rejects.toMatchObject({ code: 'LELU_ENGINE_CLOSED' })
  await lelu.close()
  await ended
})

it('closed, an engine leaves the others on its Keyv what they need', async () => {
  const store = new Keyv()
  const directory = temporaryFolder()
  const [first, second] = [
    await testEngine({ directory, store }),
    await testEngine({ directory, store }),
  ]
  const desk = await openReviewDesk({ directory, store })
  await first.close()
  await desk.close()
  await expect(desk.approvals.list()).rejects.toMatchObject({ code: 'LELU_ENGINE_CLOSED' })
  expect(await second.guard(trade(0.85), () => 'ran')).toMatchObject({ status: 'suspended' })
})
