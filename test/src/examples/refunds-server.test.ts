import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { createLelu, type Lelu } from '@lelu/engine'
import { validateUIMessages } from 'ai'
import { expect, onTestFinished, test } from 'vitest'
import { createAgent } from '../../../examples/refunds/src/agent.ts'
import { Chats } from '../../../examples/refunds/src/chats.ts'
import { ScriptedModel } from '../../../examples/refunds/src/scripted-model.ts'
import { Shop } from '../../../examples/refunds/src/shop.ts'
import { howItStands, takeTurn } from '../../../examples/refunds/src/turns.ts'
import { testCache } from '../support/cache.ts'
import { temporaryFolder } from '../support/processes.ts'
import {
  approve,
  block,
  lelu,
  orders,
  pending,
  policies,
  refunds,
  runLelu,
  session,
  start,
  withPages,
} from './refunds.ts'

withPages()

test('pages woken at once pay once, and other sites are not answered', async () => {
  const { data, url, token } = await start()
  const { send, ask, wake } = await session(url)
  expect(await ask('120 EUR of order 1002')).toContain('tool-approval-request')
  // The same message again, as after a lost answer, is not said twice.
  expect(await ask('120 EUR of order 1002')).toContain('A reviewer has not decided yet')
  const [waiting, ...others] = await pending(data)
  expect(others).toEqual([])
  const review = { id: waiting?.id, digest: waiting?.digest, verdict: 'approve' }
  const authorization = `Bearer ${token}`
  const long = { ...review, reason: 'x'.repeat(70_000) }
  const refused: [number, object, Record<string, string>][] = [
    [403, review, { authorization, origin: 'http://elsewhere.example' }],
    [413, long, { authorization }],
    [415, review, { authorization, 'content-type': 'text/plain' }],
    [409, { ...review, digest: 'another' }, { authorization }],
    [401, review, {}],
  ]
  for (const [status, body, headers] of refused) {
    expect((await send('/api/review', body, headers)).status).toBe(status)
  }
  expect(await pending(data)).toEqual([waiting])

  expect((await send('/api/review', review, { authorization })).status).toBe(200)
  const woken = await Promise.all([wake(), wake(), wake(), wake()])
  expect(woken.filter((answer) => answer.includes('Refunded 120 EUR'))).toHaveLength(1)
  expect(woken.filter((answer) => answer.startsWith('{"error":'))).toHaveLength(3)
  expect(await refunds(data)).toEqual(['refund of 120 EUR, order 1002'])
})

test('a name of another site that points here is not answered', async () => {
  const { port } = await start()
  const status = (host: string, cookie: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', path: '/api/chat', headers: { host, cookie } }
      get(options, ({ statusCode }) => resolve(statusCode)).on('error', reject)
    })
  const cookie = `chat=${randomUUID()}`
  expect(await status(`127.0.0.1:${port}`, cookie)).toBe(200)
  expect(await status(`elsewhere.example:${port}`, cookie)).toBe(403)
  // The name of a file is made of it.
  expect(await status(`127.0.0.1:${port}`, 'chat=../reviewer-token')).toBe(401)
})

test('what a customer and a stranger must not reach', async () => {
  const { data, url } = await start()
  const { headers } = await fetch(url)
  expect(headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Strict/)
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(statSync(join(data, 'reviewer-token')).mode & 0o777).toBe(0o600)
  const { ask } = await session(url)
  const answer = await ask('20 EUR of order 1003') // of another customer
  expect(answer).toContain('"output":{"found":false}')
  expect(answer).toContain('Denied by policy: The customer has no such order.')
  expect(await refunds(data)).toEqual([])
})

test('two approved refunds that are more than the price pay one', async () => {
  const { data, url } = await start()
  const both = [await session(url), await session(url)]
  for (const { ask } of both) {
    await ask('200 EUR of order 1002')
    await approve(data)
  }
  const woken = await Promise.all(both.map(({ wake }) => wake()))
  expect(woken.filter((answer) => answer.includes('has less than 200 EUR left'))).toHaveLength(1)
  expect(await refunds(data)).toEqual(['refund of 200 EUR, order 1002'])
})

/** Breaks down when it is asked for the third time: when the refund is paid, and it is to say so. */
class FailingModel extends ScriptedModel {
  asked = 0
  beforeItFails = () => {}

  override async doStream(...given: Parameters<ScriptedModel['doStream']>) {
    this.asked += 1
    if (this.asked === 3) {
      this.beforeItFails()
      throw new Error('The provider is down.')
    }
    return super.doStream(...given)
  }
}

/** The agent without its server, and the one conversation that it has. */
async function inProcess(model: ScriptedModel) {
  const data = temporaryFolder()
  const engine = await createLelu({ directory: join(data, 'lelu'), policies, cache: testCache })
  const shop = new Shop(join(data, 'shop.db'))
  onTestFinished(async () => {
    shop.close()
    await engine.close()
  })
  const store = { away: false }
  const guard: Lelu['guard'] = (...given) =>
    store.away ? Promise.reject(new Error('No answer.')) : engine.guard(...given)
  const agent = createAgent({ ...engine, guard }, shop, model)
  const chats = new Chats(join(data, 'chats'))
  const owner = { chat: randomUUID(), customer: 'customer-7' }
  async function turn(text?: string): Promise<string> {
    const said = text === undefined ? undefined : { id: randomUUID(), text }
    const taken = await takeTurn(agent, chats, owner, said)
    if (taken.status !== 'answering') return taken.status
    let answer = ''
    for await (const chunk of taken.stream) answer += JSON.stringify(chunk)
    return answer
  }
  const load = () => chats.load(owner.chat)
  return { engine, shop, store, turn, load, stands: () => howItStands(agent, load(), owner) }
}

test('what was paid is on record before the model then fails: it is not paid again', async () => {
  const model = new FailingModel()
  const { shop, turn, load } = await inProcess(model)
  let onRecord = ''
  model.beforeItFails = () => {
    onRecord = JSON.stringify(load().history)
  }
  expect(await turn('Please refund 20 EUR of order 1001.')).toContain('"type":"error"')
  expect(onRecord).toContain('Refunded 20 EUR of order 1001.')
  expect(shop.refunds()).toHaveLength(1)
  expect(await turn()).toContain('"delta":"Refunded "')
  expect(await turn()).toBe('idle')
  expect(shop.refunds()).toEqual([{ order: '1001', amount: 20 }])
})

test.each(['approve', 'deny'] as const)(
  'the page is told of the verdict "%s", and what is kept passes the check of the SDK',
  async (verdict) => {
    const { engine, turn, load, stands } = await inProcess(new ScriptedModel())
    const check = () => validateUIMessages({ messages: load().messages })
    await turn('Please refund 120 EUR of order 1002.')
    expect(await stands()).toEqual({ waiting: 1, decided: [] })
    const [{ id = '' } = {}] = (await engine.approvals.list()).approvals
    const reviewer = { id: 'rita', issuer: 'test', method: 'test' }
    await engine.approvals.review(id, { verdict, reviewer, reason: 'Not yet' })
    const reason = expect.stringContaining('A reviewer denied this call: Not yet')
    const answer = verdict === 'approve' ? { approved: true } : { approved: false, reason }
    expect(await stands()).toEqual({ waiting: 0, decided: [{ id: expect.any(String), ...answer }] })

    expect(await turn()).toContain(
      verdict === 'approve' ? 'Refunded 120 EUR' : 'tool-output-denied',
    )
    expect(await stands()).toEqual({ waiting: 0, decided: [] })
    await check()
    const parts = load().messages.flatMap((message) => message.parts)
    expect(parts).toContainEqual(
      expect.objectContaining({ type: 'tool-refund', approval: expect.objectContaining(answer) }),
    )
    // Also of one that is left behind.
    await turn('Please refund 110 EUR of order 1002.')
    await turn('Never mind.')
    await check()
    expect(JSON.stringify(load().messages)).not.toContain('"approval-requested"')
  },
)

test('a turn in which the store was away leaves the page waiting, and the next one pays once', async () => {
  const { engine, shop, store, turn, load, stands } = await inProcess(new ScriptedModel())
  await turn('Please refund 120 EUR of order 1002.')
  const [{ id = '' } = {}] = (await engine.approvals.list()).approvals
  const reviewer = { id: 'rita', issuer: 'test', method: 'test' }
  await engine.approvals.review(id, { verdict: 'approve', reviewer })
  const before = load().messages
  store.away = true
  expect(await turn()).toContain('"type":"error"')
  expect(load().messages).toEqual(before)
  store.away = false
  expect(await stands()).toMatchObject({ decided: [{ approved: true }] })
  expect(await turn()).toContain('Refunded 120 EUR')
  expect(shop.refunds()).toEqual([{ order: '1002', amount: 120 }])
})

test('the tests of the policy pass', async () => {
  expect(await runLelu(['policy', 'test', policies])).toMatchObject({ code: 0 })
})

test('a conversation that is altered on disk pays nothing', async () => {
  const { data, url } = await start()
  const { ask, wake } = await session(url)
  await ask('120 EUR of order 1002')
  await approve(data)
  const [name = ''] = readdirSync(join(data, 'chats'))
  const file = join(data, 'chats', name)
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, before.replaceAll('"amount":120', '"amount":240'))
  expect(readFileSync(file, 'utf8')).not.toBe(before)
  expect(await wake()).toContain('"type":"tool-output-error"')
  expect(await refunds(data)).toEqual([])
})

test('the README shows what the commands print', async () => {
  const { data, url, printed } = await start()
  const same = (text: string) =>
    text
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
      .replace(/(?<=token +)\S+/, 'TOKEN')
      .replace(data, 'examples/refunds/.data')
  expect(same(printed)).toBe(same(block('text')))

  const { ask, wake } = await session(url)
  await ask('20 EUR of order 1001', 'm1')
  await ask('120 EUR of order 1002', 'm2')
  await approve(data)
  await wake()
  expect(await orders(data)).toBe(block('text', 1))
  expect(await lelu(data, ['audit', 'verify'])).toMatchObject({ code: 0 })
})
