import type { CallToolResult } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import type { Log, McpTool } from '../../src/index.ts'
import { LeluMcpError } from '../../src/index.ts'
import { connect, eventually, modern, raw, said, serve, stream, tool } from './serving.ts'

const eras = ['modern', 'legacy'] as const

test.each(eras)('names that every object has are no tools, in the %s era', async (era) => {
  const server = await serve({ tools: () => [tool('real', async () => said('real'))] })
  const client = await connect(server, era)
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])
    await expect(client.callTool({ name, arguments: {} }), name).rejects.toMatchObject({
      code: -32602,
    })
})

const strict: Partial<McpTool> = {
  inputSchema: {
    type: 'object',
    properties: {
      amount: { type: 'number', maximum: 100 },
      to: { type: 'object', properties: { iban: { type: 'string' } }, required: ['iban'] },
    },
    required: ['amount'],
    additionalProperties: false,
  },
}

test.each(eras)(
  'arguments that do not pass the schema are an error of the tool that names paths and no values, in the %s era',
  async (era) => {
    let calls = 0
    const pay = tool(
      'pay',
      async () => {
        calls += 1
        return said('paid')
      },
      strict,
    )
    const server = await serve({ tools: () => [pay] })
    const client = await connect(server, era)
    const secret = 'hunter2'
    for (const input of [
      { amount: secret },
      { amount: 1, to: { iban: [secret] } },
      { amount: 1, to: {} },
      { amount: 1, other: secret },
      { amount: 101 },
      {},
    ]) {
      const answer = await client.callTool({ name: 'pay', arguments: input })
      const text = JSON.stringify(answer.content)
      expect(answer.isError).toBe(true)
      expect(text).toContain('LELU_MCP_INPUT_INVALID')
      expect(text).not.toContain(secret)
    }
    const nested = { amount: 1, to: { iban: 1 } }
    const answer = await client.callTool({ name: 'pay', arguments: nested })
    expect(JSON.stringify(answer.content)).toContain('/to/iban')
    expect(calls).toBe(0)
    await client.callTool({ name: 'pay', arguments: { amount: 100, to: { iban: 'x' } } })
    expect(calls).toBe(1)
  },
)

test.each(eras)('the text of what a tool throws does not leave, in the %s era', async (era) => {
  const logged: unknown[] = []
  const log: Log = (...line) => logged.push(line)
  const fail = tool('fail', async () => {
    throw new Error('postgres://user:hunter2@db')
  })
  const server = await serve({ tools: () => [fail] }, { log })
  const answer = await (await connect(server, era)).callTool({ name: 'fail', arguments: {} })
  expect(answer.isError).toBe(true)
  expect(JSON.stringify(answer)).toContain('LELU_MCP_TOOL_FAILED')
  expect(JSON.stringify(answer)).not.toContain('hunter2')
  expect(JSON.stringify(logged)).toContain('"fail"')
  expect(JSON.stringify(logged)).not.toContain('hunter2')
})

test.each(eras)('a coded error is shown with what to do, in the %s era', async (era) => {
  const fail = tool('fail', async () => {
    throw new LeluMcpError('LELU_MCP_TOOL_FAILED', 'It failed.', { help: 'Do this.' })
  })
  const server = await serve({ tools: () => [fail] })
  const answer = await (await connect(server, era)).callTool({ name: 'fail', arguments: {} })
  expect(answer.content).toEqual([
    { type: 'text', text: 'LELU_MCP_TOOL_FAILED: It failed. Do this.' },
  ])
})

test.each(eras)('the text of what a surface throws does not leave, in the %s era', async (era) => {
  const server = await serve({
    tools: () => {
      throw new Error('hunter2')
    },
    prompts: () => [],
  })
  const client = await connect(server, era)
  const error = await client.listTools().catch((error: Error) => error)
  expect(error).toBeInstanceOf(Error)
  expect(String(error)).not.toContain('hunter2')
})

test('a schema that cannot be applied lets no input pass', async () => {
  let calls = 0
  const broken = tool(
    'broken',
    async () => {
      calls += 1
      return said('ran')
    },
    { inputSchema: { type: 'object', $ref: 'https://example.org/elsewhere.json' } },
  )
  const server = await serve({ tools: () => [broken] })
  const answer = await (await connect(server, 'modern')).callTool({ name: 'broken', arguments: {} })
  expect(JSON.stringify(answer.content)).toContain('LELU_MCP_SCHEMA_UNUSABLE')
  expect(calls).toBe(0)
})

test('a modern call that its client gives up is aborted', async () => {
  let abort = () => {}
  const aborted = new Promise<void>((resolve) => {
    abort = resolve
  })
  let begin = () => {}
  const began = new Promise<void>((resolve) => {
    begin = resolve
  })
  const wait = tool('wait', (_input, { signal }) => {
    signal.addEventListener('abort', () => abort())
    begin()
    return new Promise(() => {})
  })
  const server = await serve({ tools: () => [wait] })
  const given = new AbortController()
  const client = await connect(server, 'modern')
  const call = client
    .callTool({ name: 'wait', arguments: {} }, { signal: given.signal })
    .catch(() => 'given up')
  await began
  given.abort()
  await aborted
  expect(await call).toBe('given up')
})

test('a modern call is answered as JSON, and as a stream where something comes before its result', async () => {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const work = tool('work', async (_input, { progress }) => {
    await progress({ progress: 1 })
    await ended
    return said('döne')
  })
  const plain = tool('plain', async () => said('döne'))
  const server = await serve({ tools: () => [work, plain] })
  const whole = await raw(server, modern('tools/call', { name: 'plain', arguments: {} }))
  expect(whole.headers['content-type']).toBe('application/json')
  expect(JSON.parse(whole.text).result.content).toEqual([{ type: 'text', text: 'döne' }])
  const { headers, body } = modern('tools/call', { name: 'work', arguments: {} })
  const asked = body.replace('"_meta":{', '"_meta":{"progressToken":7,')
  const streamed = await stream(server, { method: 'POST', headers, body: asked })
  expect(streamed.response.headers['content-type']).toBe('text/event-stream')
  await eventually(streamed.text).toContain('"progressToken":7')
  expect(streamed.text()).not.toContain('döne')
  end()
  await eventually(streamed.text).toContain('döne')
})

test('what a client says about itself reaches the tool in one shape', async () => {
  const peers: unknown[] = []
  const look = tool('look', async (_input, { peer }) => {
    peers.push(peer)
    return said('seen')
  })
  const server = await serve({ tools: () => [look] })
  const capabilities = {
    elicitation: { url: {} },
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  }
  await raw(server, modern('tools/call', { name: 'look', arguments: {} }, capabilities))
  await raw(server, modern('tools/call', { name: 'look', arguments: {} }, { elicitation: {} }))
  await (await connect(server, 'legacy')).callTool({ name: 'look', arguments: {} })
  const none = { form: false, url: false }
  expect(peers).toMatchObject([
    { era: 'modern', protocol: '2026-07-28', elicits: { form: false, url: true }, tasks: true },
    { era: 'modern', protocol: '2026-07-28', elicits: { form: true, url: false }, tasks: false },
    { era: 'legacy', protocol: '2025-11-25', name: 'test', elicits: none, tasks: false },
  ])
})

test('a result with structured content that is no object reaches clients of both eras', async () => {
  const text = { type: 'text' as const, text: 'ran' }
  const results: Record<string, CallToolResult> = {
    list: { content: [text], structuredContent: [1] },
    nothing: { content: [], structuredContent: null },
  }
  const tools = Object.entries(results).map(([name, result]) =>
    tool(name, async () => ({ kind: 'result', result })),
  )
  const server = await serve({ tools: () => tools })
  const legacy = await connect(server, 'legacy')
  expect(await legacy.callTool({ name: 'list' })).toEqual({ content: [text] })
  expect(await legacy.callTool({ name: 'nothing' })).toEqual({
    content: [{ ...text, text: 'null' }],
  })
  const modern = await connect(server, 'modern')
  expect(await modern.callTool({ name: 'list' })).toMatchObject({ structuredContent: [1] })
})
