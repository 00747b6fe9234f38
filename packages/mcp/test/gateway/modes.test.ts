import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RegoInput } from '@lelu/engine'
import type { ConfidenceReader } from '@lelu/engine/adapter'
import { expect, test } from 'vitest'
import { parseGatewayConfig } from '../../src/gateway/config.ts'
import { readDefinition } from '../../src/gateway/definition.ts'
import { shownTool } from '../../src/gateway/shown-tool.ts'
import { toolLists } from '../../src/gateway/tool-lists.ts'
import {
  alice,
  allowed,
  asks,
  bob,
  contextOf,
  denies,
  policyOf,
  temporaryFolder,
  testEngine,
  testGateway,
  textOf,
} from './support.ts'

const hiding = {
  effect: 'deny' as const,
  reasons: [{ id: 'tool_hidden', message: 'Not for you.' }],
}

/** The records of an engine's log, of one kind. */
function records(directory: string, kind: string): { [member: string]: unknown }[] {
  const files = readdirSync(join(directory, 'audit'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((name) => name.endsWith('.jsonl') || name.endsWith('.wal') || name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(directory, 'audit', name), 'utf8').split('\n'))
    .flatMap((line) => {
      const start = line.indexOf('{')
      return start === -1 ? [] : [JSON.parse(line.slice(start)) as { [member: string]: unknown }]
    })
    .filter((record) => record.kind === kind)
}

test('in shadow mode a call runs whatever was decided, and decision and outcome are on record', async () => {
  const directory = temporaryFolder()
  const lelu = await testEngine({ directory, policies: policyOf(() => denies) })
  const gateway = await testGateway({ lelu, settings: { mode: 'shadow' } })
  expect(gateway.notices.join('\n')).toContain('SHADOW MODE')
  expect(textOf(await gateway.call('v1__write', { text: 'a' }))).toBe('wrote a')
  expect(gateway.effects()).toEqual(['a'])
  await lelu.audit.flush()
  expect(records(directory, 'config.weakened')).toMatchObject([
    { weakened: ['mcp_gateway_mode=shadow'] },
  ])
  const [decision] = records(directory, 'decision')
  expect(decision).toMatchObject({ decision: 'deny', tool: { server: 'v1', name: 'write' } })
  expect(records(directory, 'outcome')).toMatchObject([
    { refs: { decision: decision?.id }, result: { status: 'completed' } },
  ])
})

test('in shadow mode nothing runs that cannot be decided, and nothing of an agent that was stopped', async () => {
  const lelu = await testEngine()
  const gateway = await testGateway({ lelu, settings: { mode: 'shadow' } })
  await lelu.killSwitch.stop({ agent: 'assistant' })
  expect(textOf(await gateway.call('v1__write', { text: 'a' }))).toMatch(/stopped/)
  await lelu.killSwitch.start({ all: true })
  await lelu.audit.close()
  expect(textOf(await gateway.call('v1__write', { text: 'a' }))).toMatch(/could not be decided/)
  expect(gateway.effects()).toEqual([])
})

test('a tool that the policy hides is not listed, cannot be called, and that is on record once', async () => {
  const directory = temporaryFolder()
  const asked: RegoInput[] = []
  const policies = policyOf((input) => {
    if (input.tool.name !== 'write') return allowed
    asked.push(input)
    return hiding
  })
  const lelu = await testEngine({ directory, policies })
  const gateway = await testGateway({ lelu })
  for (let n = 0; n < 3; n += 1) expect(await gateway.names()).not.toContain('v1__write')
  await expect(gateway.call('v1__write', { text: 'a' })).rejects.toThrow('no such tool')
  expect(asked[0]).toMatchObject({
    args: null,
    confidence: 1,
    tool: { server: 'v1', name: 'write' },
    context: { mcp: { listing: true } },
  })
  await lelu.audit.flush()
  expect(records(directory, 'decision')).toHaveLength(1)
})

test('one tool by its name is there exactly when it is among all tools', async () => {
  const policies = policyOf(({ tool }) => (tool.name === 'write' ? hiding : allowed))
  const { surface } = await testGateway({ engine: { policies } })
  const tools = await surface.tools(alice)
  expect(tools.length).toBeGreaterThan(3)
  for (const { name, ...more } of tools)
    expect(await surface.tool?.(name, alice)).toEqual({ name, ...more, call: expect.any(Function) })
  for (const name of ['v1__write', 'v1__none', '__proto__', ''])
    expect(await surface.tool?.(name, alice), name).toBeUndefined()
})

test('a tool that is hidden while somebody holds it is refused when it is called', async () => {
  let answer = allowed
  const gateway = await testGateway({ engine: { policies: policyOf(() => answer) } })
  const tools = await gateway.surface.tools(alice)
  answer = hiding
  const held = tools.find(({ name }) => name === 'v1__write')
  const told = await held?.call({ text: 'a' }, contextOf())
  expect(told?.kind === 'result' && textOf(told.result)).toMatch(
    /^LELU_CALL_DENIED: Denied by policy: /,
  )
  expect(gateway.effects()).toEqual([])
})

test.each([
  ['another deny, which may hang on the input', () => denies],
  [
    'an error',
    () => {
      throw new Error('broken')
    },
  ],
  ['a question to a person', () => asks],
])('a tool is shown where the policy answers %s', async (_what, answer) => {
  const gateway = await testGateway({ engine: { policies: policyOf(answer) } })
  expect(await gateway.names()).toContain('v1__write')
})

test('hideDenied: false shows every tool, and refuses all the same', async () => {
  const gateway = await testGateway({
    engine: { policies: policyOf(() => hiding) },
    settings: { hideDenied: false },
  })
  expect(await gateway.names()).toContain('v1__write')
  expect(textOf(await gateway.call('v1__write', { text: 'a' }))).toMatch(
    /^LELU_CALL_DENIED: Denied by policy: /,
  )
  expect(gateway.effects()).toEqual([])
})

const reader: ConfidenceReader = Object.assign(
  ({ reported }: { reported?: unknown }) =>
    typeof reported === 'number'
      ? { method: 'verbalized' as const, trust: 'claimed' as const, value: reported, score: null }
      : undefined,
  { added: { name: 'confidence', schema: { type: 'number', description: 'How sure?' } } },
)

test('the self-report is a field of every tool, reaches the policy, and never the server', async () => {
  const seen: number[] = []
  const policies = policyOf(({ confidence, context }) => {
    if ((context.mcp as { listing?: boolean }).listing !== true) seen.push(confidence)
    return allowed
  })
  const gateway = await testGateway({
    engine: { policies },
    settings: { confidence: 'self-report' },
    gateway: { confidence: reader },
  })
  const tools = await gateway.surface.tools(alice)
  const schemaOf = (name: string) => tools.find((one) => one.name === name)?.inputSchema
  expect(schemaOf('v1__echo')).toMatchObject({
    properties: { text: {}, confidence: { type: 'number' } },
    required: ['text', 'confidence'],
  })
  const said = JSON.parse(textOf(await gateway.call('v1__echo', { text: 'hi', confidence: 0.7 })))
  expect(said.input).toEqual({ text: 'hi' })
  // A tool with a field of that name keeps it: nothing is asked of the model, and nothing taken.
  expect(schemaOf('v1__own')).toMatchObject({ properties: { confidence: { type: 'string' } } })
  await gateway.call('v1__own', { confidence: 'mine' })
  expect(seen).toEqual([0.7, 0])
})

// Found in review: one such tool of one server took away the list of all.
test.each([
  ['may have the field in one of its forms', { anyOf: [{ properties: { confidence: {} } }] }],
  ['points to nothing', { $ref: '#/%' }],
])('a tool whose schema %s is shown without the self-report', async (_what, schema) => {
  const file = JSON.stringify({ mcpServers: { s: { command: 'none' } } })
  const config = parseGatewayConfig(file, { path: 'lelu-mcp.json', env: {} })
  const lists = toolLists(config, reader.added)
  const read = readDefinition({ name: 't', inputSchema: { type: 'object', ...schema } })
  if (typeof read === 'string') throw new Error(read)
  lists.set('s', [read], { states: new Map([['t', 'pinned']]), first: [], gone: [] })
  const tool = lists.find('s', 't')
  if (tool === undefined) throw new Error('it is not there')
  expect(
    shownTool('s__t', tool, async () => ({ kind: 'result', result: { content: [] } })),
  ).toEqual(expect.objectContaining({ inputSchema: { type: 'object', ...schema } }))
})

test('a configuration that asks for the self-report does not open without a reader of it', async () => {
  await expect(testGateway({ settings: { confidence: 'self-report' } })).rejects.toMatchObject({
    code: 'LELU_MCP_OPTIONS_INVALID',
  })
})

test('the executors run a stored call where its tool is, and only there', async () => {
  const lelu = await testEngine({ policies: policyOf(() => asks) })
  const gateway = await testGateway({ lelu })
  const approval = await gateway.approval(await gateway.call('v1__write', { text: 'a' }))
  await lelu.approvals.review(approval.id, { reviewer: bob, verdict: 'approve' })
  const execute = gateway.executors.of(approval.request.call.server)
  if (execute === undefined) throw new Error('there is none')
  const outcome = await lelu.resume(approval.id, execute)
  expect(outcome).toMatchObject({ status: 'executed', value: { content: [{ text: 'wrote a' }] } })
  expect(textOf(await gateway.call('v1__write', { text: 'a' }))).toMatch(
    /^wrote a\n.*did not run again/,
  )
  expect(gateway.effects()).toEqual(['a'])
  for (const none of [undefined, 'other', 'constructor', '__proto__']) {
    expect(gateway.executors.of(none)).toBeUndefined()
  }
})

test.each([
  ['a tool that is not there', { tool: 'none', input: {} }, 'LELU_TOOL_CHANGED'],
  ['an input that does not pass', { tool: 'write', input: { text: 7 } }, 'LELU_MCP_INPUT_INVALID'],
])('the executors do not run %s', async (_what, call, code) => {
  const lelu = await testEngine()
  const gateway = await testGateway({ lelu })
  const execute = gateway.executors.of('v1')
  if (execute === undefined) throw new Error('there is none')
  const request = { subject: alice.subject, call: { id: '1', server: 'v1', ...call } }
  await expect(lelu.guard(request, execute)).rejects.toMatchObject({ code })
  expect(gateway.effects()).toEqual([])
})

test('a call that was approved for another definition of its tool does not run', async () => {
  const lelu = await testEngine({ policies: policyOf(() => asks) })
  const gateway = await testGateway({ lelu })
  const execute = gateway.executors.of('v1')
  if (execute === undefined) throw new Error('there is none')
  const call = { id: '1', server: 'v1', tool: 'write', input: { text: 'a' } }
  const context = { mcp: { definition: 'another' } }
  const outcome = await lelu.guard({ subject: alice.subject, call, context, run: 'r' }, execute)
  if (outcome.status !== 'suspended') throw new Error(outcome.status)
  await lelu.approvals.review(outcome.approval.id, { reviewer: bob, verdict: 'approve' })
  await expect(lelu.resume(outcome.approval.id, execute)).rejects.toMatchObject({
    code: 'LELU_TOOL_CHANGED',
  })
  expect(gateway.effects()).toEqual([])
})
