import type { ElicitResult } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { questionOf } from '../../src/gateway/questions.ts'
import type { CallContext, Peer, ToolAnswer } from '../../src/surface/call.ts'
import { modernServer, v1HttpServer } from './servers.ts'
import {
  alice,
  allowed,
  asks,
  bob,
  callTool,
  policyOf,
  type TestGateway,
  testEngine,
  testGateway,
  textOf,
  until,
} from './support.ts'

const peer: Peer = {
  name: 'test',
  version: '1',
  protocol: '2026-07-28',
  era: 'modern',
  elicits: { form: true, url: true },
  tasks: false,
}
const settings = { upstreamElicitation: 'forward' }

const ask = (gateway: TestGateway, tool: string, more: Partial<CallContext> = {}) =>
  callTool(gateway, tool, {}, { peer, ...more })

function asked(answer: ToolAnswer) {
  if (answer.kind !== 'ask') throw new Error(`it is ${answer.kind}: ${JSON.stringify(answer)}`)
  return answer
}

const answering = (answer: ToolAnswer, result: ElicitResult, name: string) => ({
  answers: { results: { [name]: result }, state: asked(answer).state },
})
const accept = { action: 'accept' as const, content: { name: 'Ann' } }

const textIn = (answer: ToolAnswer) =>
  answer.kind === 'result' ? textOf(answer.result) : answer.kind

test.each([
  ['in its result (2026-07-28)', modernServer, 'up__ask', 'who'],
  ['in the middle of the call (before 2026)', v1HttpServer, 'up__person', 'question'],
])(
  'with forward, a question that a server asks %s reaches the person, and the answer the server',
  async (_what, open, tool, name) => {
    const server = await open()
    const gateway = await testGateway({ servers: { up: { url: server.url } }, settings })
    const first = asked(await ask(gateway, tool))
    expect(first.questions[name]).toMatchObject({
      mode: 'form',
      message: 'The server "up" asks: Your name?',
      schema: { properties: { name: { type: 'string' } } },
    })
    const done = await ask(gateway, tool, answering(first, accept, name))
    expect(textIn(done)).toContain('"Ann"')
    // The answer once more, as of a client that lost the reply: the same end, and no second call.
    expect(textIn(await ask(gateway, tool, answering(first, accept, name)))).toBe(textIn(done))
  },
)

test('an answer that comes again, as of a client that lost the reply, does not answer what was asked since', async () => {
  const server = await v1HttpServer()
  const gateway = await testGateway({ servers: { up: { url: server.url } }, settings })
  const yes = answering(await ask(gateway, 'up__twice'), accept, 'question')
  const second = await ask(gateway, 'up__twice', yes)
  expect(asked(second).questions.question).toMatchObject({
    message: expect.stringContaining('May I delete it?'),
  })
  expect(await ask(gateway, 'up__twice', yes)).toEqual(second)
  expect(server.effects).toEqual(['May I look? accept'])
  const no = answering(second, { action: 'decline' }, 'question')
  expect(textIn(await ask(gateway, 'up__twice', no))).toBe('done')
  expect(server.effects).toEqual(['May I look? accept', 'May I delete it? decline'])
})

test('a question is held for the one who was asked: nobody else answers or sees it', async () => {
  const server = await v1HttpServer()
  const gateway = await testGateway({ servers: { up: { url: server.url } }, settings })
  const first = await ask(gateway, 'up__person')
  const carol = { ...alice, key: 'test|carol' }
  const other = await ask(gateway, 'up__person', {
    ...answering(first, accept, 'question'),
    principal: carol,
  })
  expect(textIn(other)).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  const done = await ask(gateway, 'up__person', answering(first, accept, 'question'))
  expect(textIn(done)).toContain('"Ann"')
})

test('the answer to a question that is not open here never begins the call anew', async () => {
  const server = await modernServer()
  const gateway = await testGateway({ servers: { up: { url: server.url } }, settings })
  const before = server.seen.length
  const answers = { results: { who: accept }, state: { heldCall: 'made-up' } }
  expect(textIn(await ask(gateway, 'up__ask', { answers }))).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  expect(server.seen).toHaveLength(before)
})

test('a client that cannot ask, or two calls at once on one connection: the question is cancelled', async () => {
  const server = await v1HttpServer()
  const gateway = await testGateway({ servers: { up: { url: server.url } }, settings })
  const mute = { ...peer, elicits: { form: false, url: true } }
  expect(textIn(await ask(gateway, 'up__person', { peer: mute }))).toContain('"cancel"')
  const controller = new AbortController()
  const other = ask(gateway, 'up__hang', { signal: controller.signal })
  await until(() => server.effects.includes('hang'))
  expect(textIn(await ask(gateway, 'up__person'))).toContain('"cancel"')
  controller.abort()
  await other
})

test('a client that goes away while it is asked ends the call at the server', async () => {
  const server = await v1HttpServer()
  const gateway = await testGateway({ servers: { up: { url: server.url } }, settings })
  const controller = new AbortController()
  const call = ask(gateway, 'up__hang', { signal: controller.signal })
  await until(() => server.effects.includes('hang'))
  controller.abort()
  expect(textIn(await call)).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  await until(() => server.effects.includes('cancelled'))
})

test('what is approved may ask as well, and runs once', async () => {
  const server = await modernServer()
  const lelu = await testEngine({ policies: policyOf(() => asks) })
  const gateway = await testGateway({ lelu, servers: { up: { url: server.url } }, settings })
  const waiting = await ask(gateway, 'up__ask')
  const { approvals } = await lelu.approvals.list()
  expect(textIn(waiting)).toBe(`pending ${approvals[0]?.id}`)
  await lelu.approvals.review(approvals[0]?.id ?? '', { reviewer: bob, verdict: 'approve' })
  const first = await ask(gateway, 'up__ask')
  expect(textIn(await ask(gateway, 'up__ask'))).toMatch(/^LELU_APPROVAL_EXECUTING/)
  expect(textIn(await ask(gateway, 'up__ask', answering(first, accept, 'who')))).toContain('Ann')
  expect(textIn(await ask(gateway, 'up__ask'))).toContain('did not run again')
})

test('a server that asks for more without a question is refused also with forward', async () => {
  const server = await modernServer()
  const gateway = await testGateway({
    engine: { policies: policyOf(() => allowed) },
    servers: { up: { url: server.url } },
    settings,
  })
  const before = server.seen.length
  expect(textIn(await ask(gateway, 'up__again'))).toMatch(/^LELU_MCP_UPSTREAM_FAILED: .*refused/)
  expect(server.seen).toHaveLength(before + 1)
})

test.each([
  ['https://example.com/login', true],
  ['http://127.0.0.1:3000/login', true],
  ['https://bank.example@evil.example/', false],
  ['https://:x@evil.example/', false],
  ['http://example.com/login', false],
  ['javascript:alert(1)', false],
  ['file:///etc/passwd', false],
  ['nonsense', false],
])('a link is passed on where it is safe to open: %s', (url, passed) => {
  const question = questionOf('up', {
    mode: 'url',
    message: 'Open\u202e it',
    url,
    elicitationId: '1',
  })
  expect(question !== undefined).toBe(passed)
  if (question?.mode === 'url') expect(question.message).toBe('The server "up" asks: Open it')
})

test('a link is shown as it leads: nothing in it repaints it', () => {
  const url = 'https://evil.ex\u0430mple/\u202egnp.bank'
  const question = questionOf('up', { mode: 'url', message: '', url, elicitationId: '1' })
  expect(question).toMatchObject({ url: 'https://evil.xn--exmple-4nf/%E2%80%AEgnp.bank' })
})
