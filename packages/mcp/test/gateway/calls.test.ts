import { type Lelu, LeluError } from '@lelu/engine'
import { expect, test } from 'vitest'
import { v1HttpServer } from './servers.ts'
import {
  asks,
  bob,
  denies,
  policyOf,
  type TestGateway,
  testClock,
  testEngine,
  testGateway,
  textOf,
  until,
} from './support.ts'

const asking = policyOf(() => asks)
const minute = 60_000

/** A gateway whose calls wait for a person, with a clock that is told to go on. */
async function waiting(
  settings: { [name: string]: unknown } = {},
  more: { servers?: { [name: string]: unknown } } = {},
) {
  const clock = testClock()
  const lelu = await testEngine({ policies: asking, now: clock.now, leaseMs: 1000 })
  const gateway = await testGateway({ lelu, settings, gateway: { now: clock.now }, ...more })
  return { gateway, lelu, clock }
}

const write = (gateway: TestGateway, text = 'a', more = {}) =>
  gateway.call('v1__write', { text }, more)

async function approve(gateway: TestGateway, answer: Awaited<ReturnType<typeof write>>) {
  const { id } = await gateway.approval(answer)
  await gateway.lelu.approvals.review(id, { reviewer: bob, verdict: 'approve' })
  return id
}

test('a call that a person must approve has not run; approved, the same call runs once', async () => {
  const { gateway } = await waiting()
  const first = await write(gateway)
  expect(textOf(first)).toMatch(/^pending apr_/)
  expect(textOf(await write(gateway))).toBe(textOf(first))
  expect(gateway.effects()).toEqual([])
  await approve(gateway, first)
  expect(textOf(await write(gateway))).toBe('wrote a')
  expect(gateway.effects()).toEqual(['a'])
})

test('what is approved is on record with the raw server and tool, the input, and what the server says of itself', async () => {
  const { gateway } = await waiting({ prefix: '{server}-x-{tool}' })
  const { request } = await gateway.approval(await gateway.call('v1-x-echo', { text: 'hi' }))
  expect(request.call).toMatchObject({
    server: 'v1',
    tool: 'echo',
    input: { text: 'hi' },
    effect: 'non_idempotent',
  })
  expect(request.context).toMatchObject({
    mcp: { annotations: { readOnlyHint: true }, trusted: false, client: { name: 'test' } },
  })
  expect(request.run).toBe('mcp:test|alice')
})

test('a retry after a lost reply gets the kept result and is told so, and has no second effect', async () => {
  const { gateway, clock } = await waiting()
  await approve(gateway, await write(gateway))
  await write(gateway)
  clock.advance(minute)
  const again = await write(gateway)
  expect(textOf(again)).toMatch(/^wrote a\n\(This call ran at .* did not run again/)
  expect(gateway.effects()).toEqual(['a'])
})

test('later the same input is a new call, with an approval of its own, as often as it comes', async () => {
  const server = await v1HttpServer()
  const servers = { v1: { url: server.url } }
  const { gateway, clock } = await waiting({}, { servers })
  const ids = new Set<string>()
  for (let n = 0; n < 6; n += 1) {
    ids.add(await approve(gateway, await write(gateway)))
    expect(textOf(await write(gateway))).toBe('wrote a')
    clock.advance(3 * minute)
  }
  expect(ids.size).toBe(6)
  expect(server.effects).toHaveLength(6)
  // A process that begins anew finds the latest of them.
  const other = await testGateway({
    ...{ lelu: gateway.lelu, folder: gateway.folder, servers },
    gateway: { now: clock.now },
  })
  const seventh = await write(other)
  expect(ids).not.toContain((await gateway.approval(seventh)).id)
  expect(textOf(await write(gateway))).toBe(textOf(seventh))
})

test('what a person denied is not asked again and again, and later it may be asked anew', async () => {
  const { gateway, lelu, clock } = await waiting()
  const { id } = await gateway.approval(await write(gateway))
  await lelu.approvals.review(id, { reviewer: bob, verdict: 'deny', reason: 'no' })
  for (let n = 0; n < 3; n += 1) {
    const answer = await write(gateway)
    expect(answer.isError).toBe(true)
    expect(textOf(answer)).toContain('Do not retry')
  }
  const { approvals } = await lelu.approvals.list()
  expect(approvals).toHaveLength(1)
  clock.advance(3 * minute)
  expect(textOf(await write(gateway))).toMatch(/^pending/)
  expect(gateway.effects()).toEqual([])
})

test('an approval that expired is told, and the same call is asked anew at once', async () => {
  const { gateway, clock } = await waiting()
  const { id } = await gateway.approval(await write(gateway))
  clock.advance(25 * 60 * minute)
  const anew = await write(gateway)
  expect(textOf(anew)).toContain(`${id} is expired, and it did not run`)
  expect((await gateway.approval(anew)).id).not.toBe(id)
  expect(gateway.effects()).toEqual([])
})

test('a call that failed is not run again by itself', async () => {
  const { gateway } = await waiting()
  await approve(gateway, await gateway.call('v1__error'))
  expect(textOf(await gateway.call('v1__error'))).toMatch(/^LELU_MCP_UPSTREAM_FAILED/)
  expect(textOf(await gateway.call('v1__error'))).toMatch(/^LELU_APPROVAL_FAILED/)
})

test('an error that the tool reports is its result: kept, and answered again', async () => {
  const { gateway } = await waiting()
  await approve(gateway, await gateway.call('v1__fail'))
  const failed = await gateway.call('v1__fail')
  expect(failed).toMatchObject({ isError: true, content: [{ text: 'no such file' }] })
  expect(await gateway.call('v1__fail')).toMatchObject({
    isError: true,
    content: [{ text: 'no such file' }, {}],
  })
  expect(gateway.effects()).toEqual(['fail'])
})

test('a call whose server was lost is unknown for good: it is not run or asked again before a person says so', async () => {
  const { gateway, lelu, clock } = await waiting()
  const id = await approve(gateway, await gateway.call('v1__die'))
  expect(textOf(await gateway.call('v1__die'))).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  expect((await lelu.approvals.get(id)).state).toBe('unknown')
  clock.advance(48 * 60 * minute)
  // The server is back.
  await until(async () => (await gateway.names()).length > 0)
  expect(textOf(await gateway.call('v1__die'))).toMatch(/^LELU_APPROVAL_UNKNOWN/)
  expect(gateway.effects()).toEqual(['die'])
})

test('a trusted server says which calls do no harm twice; one that is lost there has failed', async () => {
  const lelu = await testEngine({ policies: asking })
  const gateway = await testGateway({
    lelu,
    settings: { trusted: ['v1'], effects: { 'v1/die': 'idempotent' } },
  })
  const echo = await gateway.approval(await gateway.call('v1__echo', { text: 'x' }))
  expect(echo.request.call.effect).toBe('read')
  const id = await approve(gateway, await gateway.call('v1__die'))
  await gateway.call('v1__die')
  expect((await lelu.approvals.get(id)).state).toBe('failed')
})

test('two calls at once are one: one approval, one effect, and the other is told that it runs', async () => {
  const { gateway, lelu } = await waiting()
  const [one, two] = await Promise.all([write(gateway, 'slow'), write(gateway, 'slow')])
  expect(textOf(one)).toBe(textOf(two))
  expect((await lelu.approvals.list()).approvals).toHaveLength(1)
  await approve(gateway, one)
  const answers = await Promise.all([1, 2, 3, 4].map(() => write(gateway, 'slow')))
  expect(gateway.effects()).toEqual(['slow'])
  const texts = answers.map(textOf).sort()
  expect(texts.filter((text) => text.startsWith('wrote slow'))).toHaveLength(1)
  const running = /^LELU_APPROVAL_EXECUTING: .*exactly the same input/
  expect(texts.filter((text) => running.test(text))).toHaveLength(3)
})

test('a reviewer changes the input: that runs, and the model is told', async () => {
  const { gateway, lelu } = await waiting()
  const { id } = await gateway.approval(await write(gateway))
  await lelu.approvals.review(id, { reviewer: bob, verdict: 'approve', input: { text: 'b' } })
  expect(textOf(await write(gateway))).toMatch(/changed the input.*"b".*\nwrote b$/)
  expect(gateway.effects()).toEqual(['b'])
})

test('a name in _meta names the call for good, and only for this input', async () => {
  const { gateway, clock } = await waiting()
  const meta = { 'lelu/call': 'order-7' }
  await approve(gateway, await write(gateway, 'a', { meta }))
  expect(textOf(await write(gateway, 'a', { meta }))).toBe('wrote a')
  clock.advance(60 * minute)
  expect(textOf(await write(gateway, 'a', { meta }))).toContain('did not run again')
  expect(textOf(await write(gateway, 'b', { meta }))).toMatch(/^LELU_APPROVAL_CONFLICT/)
  expect(textOf(await write(gateway, 'a', { meta: { 'lelu/call': 'order-8' } }))).toMatch(
    /^pending/,
  )
  expect(gateway.effects()).toEqual(['a'])
})

test.each([[''], [7], [{}], ['x'.repeat(129)], ['\ud800']])(
  'a name in _meta that is none is refused and not ignored: %j',
  async (name) => {
    const { gateway } = await waiting()
    const answer = await write(gateway, 'a', { meta: { 'lelu/call': name } })
    expect(textOf(answer)).toMatch(/^LELU_CALL_INVALID/)
  },
)

test('what the policy denies is refused with its reason and leaves nothing', async () => {
  const gateway = await testGateway({ engine: { policies: policyOf(() => denies) } })
  expect(textOf(await write(gateway))).toBe(
    'LELU_CALL_DENIED: Denied by policy: Not this. The call did not run.',
  )
  expect(gateway.effects()).toEqual([])
})

test.each<[string, (lelu: Lelu) => Promise<Lelu>]>([
  [
    'a log that fails',
    async (lelu) => {
      await lelu.audit.close()
      return lelu
    },
  ],
  [
    'a store that fails',
    async (lelu) => {
      const find = async () => {
        throw new LeluError('LELU_STORE_UNAVAILABLE', 'at /secret/path', { help: 'Look at it.' })
      }
      return { ...lelu, approvals: { ...lelu.approvals, find } }
    },
  ],
])('with %s nothing runs, and the model learns nothing of our files', async (_what, broken) => {
  const lelu = await broken(await testEngine())
  const gateway = await testGateway({ lelu })
  const answer = await write(gateway)
  expect(textOf(answer)).toMatch(/^LELU_[A-Z_]+: This call could not be decided, so it did not run/)
  expect(answer.isError).toBe(true)
  expect(gateway.effects()).toEqual([])
})
