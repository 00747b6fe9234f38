import { expect, test } from 'vitest'
import type { Principal } from '../../src/surface/principal.ts'
import { v1HttpServer } from './servers.ts'
import {
  alice,
  asks,
  bob,
  denies,
  policyOf,
  type TestGateway,
  temporaryFolder,
  testClock,
  testEngine,
  testGateway,
  textOf,
} from './support.ts'

// What an approval of a call holds for, and nothing else.

const asking = policyOf(() => asks)
const minute = 60_000

const write = (gateway: TestGateway, text = 'a', more = {}) =>
  gateway.call('v1__write', { text }, more)

async function approve(gateway: TestGateway, answer: Awaited<ReturnType<typeof write>>) {
  const { id } = await gateway.approval(answer)
  await gateway.lelu.approvals.review(id, { reviewer: bob, verdict: 'approve' })
  return id
}

const carol: Principal = { ...alice, key: 'test|carol' }
const elsewhere: Principal = { ...alice, tenant: 'other' }
const forBob: Principal = {
  ...alice,
  subject: { ...alice.subject, actingFor: { id: 'bob', type: 'user' } },
}
const otherAgent: Principal = { ...alice, subject: { ...alice.subject, id: 'other' } }

// envoyproxy/ai-gateway#2073: {caller, server, tool, input, policy, expiry}: the same resumes, any other does not.
test.each<[string, (gateway: TestGateway) => ReturnType<typeof write>, RegExp]>([
  ['the same', (gateway) => write(gateway), /^wrote a$/],
  ['another caller', (gateway) => write(gateway, 'a', { principal: carol }), /^pending/],
  ['another tenant', (gateway) => write(gateway, 'a', { principal: elsewhere }), /^pending/],
  ['another person behind it', (gateway) => write(gateway, 'a', { principal: forBob }), /^pending/],
  ['another agent', (gateway) => write(gateway, 'a', { principal: otherAgent }), /^pending/],
  ['another server', (gateway) => gateway.call('v2__write', { text: 'a' }), /^pending/],
  ['another tool', (gateway) => gateway.call('v1__echo', { text: 'a' }), /^pending/],
  ['another input', (gateway) => write(gateway, 'b'), /^pending/],
  ['one member more', (gateway) => gateway.call('v1__write', { text: 'a', more: 1 }), /^pending/],
])(
  'an approved call resumes for the same caller, server, tool and input only: %s',
  async (_what, call, text) => {
    const { url, effects } = await v1HttpServer()
    const gateway = await testGateway({
      engine: { policies: asking },
      servers: { v1: { url }, v2: { url } },
    })
    await approve(gateway, await write(gateway))
    expect(textOf(await call(gateway))).toMatch(text)
    const ran = text.source.includes('wrote')
    expect(effects).toEqual(ran ? ['a'] : [])
  },
)

test('an approved call does not run under a policy that denies it now', async () => {
  let effect = asks
  const lelu = await testEngine({ policies: policyOf(() => effect) })
  const gateway = await testGateway({ lelu })
  await approve(gateway, await write(gateway))
  effect = denies
  expect(textOf(await write(gateway))).toMatch(/^LELU_CALL_DENIED: Not run: The policy has changed/)
  expect(textOf(await write(gateway))).toMatch(/^LELU_CALL_DENIED: Denied by policy/)
  effect = asks
  expect(textOf(await write(gateway))).toMatch(/^pending/)
  expect(gateway.effects()).toEqual([])
})

/** Two gateways with one store, the second of which decides by another policy that says the same. */
async function underTwoPolicies() {
  const { url, effects } = await v1HttpServer()
  const [directory, folder] = [temporaryFolder(), temporaryFolder()]
  const open = async (revision: string) => {
    const lelu = await testEngine({ directory, policies: { ...asking, revision } })
    return testGateway({ lelu, folder, servers: { v1: { url } } })
  }
  return { effects, before: await open('before'), after: await open('after') }
}

test('an approved call is asked anew under another policy, also one that would ask alike', async () => {
  const { before, after, effects } = await underTwoPolicies()
  const id = await approve(before, await write(before))
  const anew = await write(after)
  expect(textOf(anew)).toMatch(/^pending/)
  expect((await after.approval(anew)).id).not.toBe(id)
  const execute = after.executors.of('v1')
  if (execute === undefined) throw new Error('there is none')
  await expect(after.lelu.resume(id, execute)).rejects.toMatchObject({
    code: 'LELU_POLICY_CHANGED',
  })
  expect(effects).toEqual([])
})

test('a call with a name of its own is a conflict under another policy', async () => {
  const { before, after, effects } = await underTwoPolicies()
  const meta = { 'lelu/call': 'order-7' }
  await approve(before, await write(before, 'a', { meta }))
  expect(textOf(await write(after, 'a', { meta }))).toMatch(/^LELU_APPROVAL_CONFLICT/)
  expect(effects).toEqual([])
  expect(textOf(await write(before, 'a', { meta }))).toBe('wrote a')
})

test('an approved call that was not run in time does not run', async () => {
  const clock = testClock()
  const lelu = await testEngine({ policies: asking, now: clock.now, leaseMs: 1000 })
  const gateway = await testGateway({ lelu, gateway: { now: clock.now } })
  const id = await approve(gateway, await write(gateway))
  clock.advance(25 * 60 * minute)
  expect(textOf(await write(gateway))).toMatch(new RegExp(`^pending .*\n.*${id} is expired`))
  expect(gateway.effects()).toEqual([])
})

// Found in review: the same call was a conflict until its approval had expired, and nobody could ask for it.
test('a call that waits is asked anew once the configuration says something else of what its tool does', async () => {
  const { url, effects } = await v1HttpServer()
  const [folder, servers] = [temporaryFolder(), { v1: { url } }]
  const lelu = await testEngine({ policies: asking })
  const before = await testGateway({ lelu, folder, servers })
  const old = await approve(before, await write(before))
  const settings = { effects: { 'v1/write': 'idempotent' } }
  const gateway = await testGateway({ lelu, folder, servers, settings })
  const anew = await write(gateway)
  expect(textOf(anew)).toMatch(/^pending/)
  expect(await approve(gateway, anew)).not.toBe(old)
  expect(textOf(await write(gateway))).toBe('wrote a')
  expect(effects).toEqual(['a'])
})
