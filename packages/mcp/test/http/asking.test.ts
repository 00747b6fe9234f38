import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js'
import { expect, test } from 'vitest'
import type { Answers, HttpServer, McpTool, Question } from '../../src/index.ts'
import {
  bearer,
  closing,
  message,
  modern,
  person,
  raw,
  said,
  serve,
  tokens,
  tool,
} from './serving.ts'

const question: Question = {
  mode: 'form',
  message: 'Really?',
  schema: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
}

/** Asks once, with a state, and tells what it was answered. */
function asking(seen: (Answers | undefined)[] = [], more: Question = question): McpTool {
  return tool('ask', async (input, { answers }) => {
    seen.push(answers)
    if (answers === undefined)
      return { kind: 'ask', questions: { sure: more }, state: { for: input } }
    return said(JSON.stringify([answers.results.sure, answers.state]))
  })
}

async function legacyClient(
  server: HttpServer,
  answer: (params: object) => Promise<ElicitResult>,
  capabilities: object = { elicitation: {} },
): Promise<LegacyClient> {
  const client = new LegacyClient({ name: 'test', version: '1' }, { capabilities })
  if ('elicitation' in capabilities)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params))
  const transport = new StreamableHTTPClientTransport(new URL(server.url))
  await client.connect(transport as Transport)
  closing(() => client.close())
  return client
}

const accepted: ElicitResult = { action: 'accept', content: { word: 'yes' } }

test('a legacy client is asked on its call, and the call is made again with the answer', async () => {
  const seen: (Answers | undefined)[] = []
  const server = await serve({ tools: () => [asking(seen)] })
  const asked: object[] = []
  const client = await legacyClient(server, async (params) => {
    asked.push(params)
    return accepted
  })
  const { content } = await client.callTool({ name: 'ask', arguments: { a: 1 } })
  expect(content).toEqual([{ type: 'text', text: JSON.stringify([accepted, { for: { a: 1 } }]) }])
  expect(asked).toMatchObject([{ message: 'Really?', requestedSchema: question.schema }])
  expect(seen).toHaveLength(2)
})

test('a question that nobody answers in time counts as dismissed', async () => {
  const server = await serve({ tools: () => [asking()] }, { askMs: 60 })
  const client = await legacyClient(server, () => new Promise(() => {}))
  const { content } = await client.callTool({ name: 'ask', arguments: {} })
  expect(JSON.stringify(content)).toContain('cancel')
})

test('a client that fails at a question counts as one that dismissed it', async () => {
  const server = await serve({ tools: () => [asking()] })
  const client = await legacyClient(server, async () => {
    throw new Error('no screen')
  })
  const { content } = await client.callTool({ name: 'ask', arguments: {} })
  expect(JSON.stringify(content)).toContain('cancel')
})

test('a legacy client that cannot ask gets an error of the tool', async () => {
  const server = await serve({ tools: () => [asking()] })
  const client = await legacyClient(server, async () => accepted, {})
  const answer = await client.callTool({ name: 'ask', arguments: {} })
  expect(answer.isError).toBe(true)
  expect(JSON.stringify(answer.content)).toContain('LELU_MCP_CLIENT_UNABLE')
})

test('a tool that does not stop asking is stopped', async () => {
  const endless = tool('endless', async () => ({
    kind: 'ask',
    questions: { a: question },
    state: 1,
  }))
  const server = await serve({ tools: () => [endless] })
  const client = await legacyClient(server, async () => accepted)
  const answer = await client.callTool({ name: 'endless', arguments: {} })
  expect(JSON.stringify(answer.content)).toContain('LELU_MCP_QUESTIONS_ENDLESS')
})

test('a legacy client is sent to a page with an id of the elicitation, as its revision wants', async () => {
  const url: Question = { mode: 'url', message: 'Look.', url: 'https://console.example/a' }
  const server = await serve({ tools: () => [asking([], url)] })
  const asked: object[] = []
  const client = await legacyClient(
    server,
    async (params) => {
      asked.push(params)
      return { action: 'accept' }
    },
    { elicitation: { url: {} } },
  )
  await client.callTool({ name: 'ask', arguments: {} })
  expect(asked).toMatchObject([{ mode: 'url', url: 'https://console.example/a' }])
  expect(asked[0]).toHaveProperty('elicitationId')
})

const can = { elicitation: { form: {} } }

type Sent = { input?: object; name?: string; state?: string; token?: string; answers?: object }

/** One round of a call as a modern client makes it. */
async function round(server: HttpServer, sent: Sent = {}) {
  const { input = {}, name = 'ask', state, token, answers } = sent
  const request = modern(
    'tools/call',
    {
      name,
      arguments: input,
      ...(answers !== undefined && { inputResponses: answers }),
      ...(state !== undefined && { requestState: state }),
    },
    can,
  )
  const headers = { ...request.headers, ...(token !== undefined && bearer(token)) }
  return message(await raw(server, { ...request, headers }))
}

const answers = { sure: accepted }

test('a modern client is asked by the result, and answers with the call', async () => {
  const server = await serve({ tools: () => [asking()] })
  const { result } = await round(server, { input: { a: 1 } })
  expect(result.resultType).toBe('input_required')
  expect(result.inputRequests.sure.params.message).toBe('Really?')
  expect(result.requestState).not.toContain('for')
  const second = await round(server, { input: { a: 1 }, state: result.requestState, answers })
  expect(second.result.content[0].text).toBe(JSON.stringify([accepted, { for: { a: 1 } }]))
})

test('a state is good for the same call of the same principal only, and only as it was given out', async () => {
  const seen: (Answers | undefined)[] = []
  const auth = tokens({ alice: person('alice'), bob: person('bob') })
  const other = { ...asking(seen), name: 'other' }
  const server = await serve({ tools: () => [asking(seen), other] }, { auth })
  const first = await round(server, { input: { a: 1 }, token: 'alice' })
  const state: string = first.result.requestState
  const same = { input: { a: 1 }, state, token: 'alice', answers }
  const flipped = state.slice(0, 12) + (state[12] === 'A' ? 'B' : 'A') + state.slice(13)
  seen.length = 0
  for (const changed of [
    { ...same, token: 'bob' },
    { ...same, input: { a: 2 } },
    { ...same, input: { a: 1, b: 1 } },
    { ...same, name: 'other' },
    { ...same, state: flipped },
    { ...same, state: `${state}x` },
    { ...same, state: '' },
    { ...same, state: JSON.stringify({ for: { a: 1 } }) },
  ]) {
    const { error } = await round(server, changed)
    expect(error).toMatchObject({ code: -32602, data: { reason: 'invalid_request_state' } })
  }
  expect(seen).toEqual([])
  expect((await round(server, same)).result.isError).not.toBe(true)
})

test('a state is opened by another replica with the same key, and by none with another', async () => {
  const stateKey = new Uint8Array(32).fill(7)
  const surface = { tools: () => [asking()] }
  const one = await serve(surface, { stateKey })
  const two = await serve(surface, { stateKey })
  const three = await serve(surface, { stateKey: new Uint8Array(32).fill(8) })
  const state = (await round(one)).result.requestState
  expect((await round(two, { state, answers })).result.resultType).toBe('complete')
  expect((await round(three, { state, answers })).error.code).toBe(-32602)
})

test('answers without a state come with none, whatever the tool gave out', async () => {
  const seen: (Answers | undefined)[] = []
  const server = await serve({ tools: () => [asking(seen)] })
  await round(server, { answers })
  expect(seen).toMatchObject([{ state: null }])
})

test('an answer whose name every object has, or that has no shape, is no answer', async () => {
  const seen: (Answers | undefined)[] = []
  const server = await serve({ tools: () => [asking(seen)] })
  await round(server, { answers: { constructor: accepted, sure: { action: 'approve' } } })
  await round(server, { answers: { sure: { action: 'accept', content: ['yes'] } } })
  expect(seen.map((answers) => answers?.results.sure)).toEqual([undefined, undefined])
  expect(seen[1]?.results.constructor).toBeUndefined()
})

test('a modern client that cannot ask is told what it would have to declare', async () => {
  const server = await serve({ tools: () => [asking()] })
  const answer = await raw(server, modern('tools/call', { name: 'ask', arguments: {} }))
  expect(answer.status).toBe(400)
  expect(message(answer).error).toMatchObject({
    code: -32021,
    data: { requiredCapabilities: { elicitation: { form: {} } } },
  })
})
