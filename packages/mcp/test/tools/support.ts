import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Validator } from '@cfworker/json-schema'
import { createLelu, type Execute, type Json, type Lelu, type LeluOptions } from '@lelu/engine'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { expect, onTestFinished } from 'vitest'
import type { CallContext, ToolAnswer } from '../../src/surface/call.ts'
import type { Principal } from '../../src/surface/principal.ts'
import type { Surface } from '../../src/surface/surface.ts'
import type { LeluSurfaceOptions } from '../../src/tools/options.ts'
import { leluSurface } from '../../src/tools/surface.ts'

/** Searches run, trades wait for a person, everything else is denied; a host's own context opens `fast`. */
export const policies = {
  modules: [
    {
      path: 'trading/policy.rego',
      source: `package lelu.authz

allow contains {"id": "secret_rule_search", "reason": "Searches are harmless."} if input.action == "search"

allow contains {"id": "secret_rule_sure", "reason": "Measured and sure."} if {
	input.action == "trade"
	input.confidence >= 0.9
	input.signal.trust in {"engine", "adapter"}
}

allow contains {"id": "secret_rule_host", "reason": "The host says so."} if {
	input.action == "trade"
	input.context.trusted == true
}

require_approval contains {"id": "secret_rule_trade", "reason": "Trades wait for a person.", "reviewers": ["carol", "dave", "alice"]} if {
	input.action == "trade"
	not input.context.trusted
	not sure
}

sure if {
	input.confidence >= 0.9
	input.signal.trust in {"engine", "adapter"}
}
`,
    },
  ],
  data: { limits: { most: 100 } },
}

const agent = (id: string, user: string) =>
  ({ id, type: 'agent', actingFor: { id: user, type: 'user' } }) as const

export const alice: Principal = {
  key: 'test|trader',
  subject: agent('trader', 'alice'),
  tenant: 'default',
  scopes: ['call'],
  reviewer: null,
}

/** The same agent for somebody else. */
export const bob: Principal = { ...alice, key: 'test|trader-bob', subject: agent('trader', 'bob') }

/** The same ids in another tenant. */
export const stranger: Principal = { ...alice, key: 'other|trader', tenant: 'other' }

export const carol: Principal = {
  key: 'test|carol',
  subject: { id: 'carol-desk', type: 'user' },
  tenant: 'default',
  scopes: ['approvals:read', 'approvals:decide'],
  reviewer: { id: 'carol', issuer: 'test', method: 'test' },
}

export const auditor: Principal = {
  key: 'test|auditor',
  subject: { id: 'erin', type: 'user' },
  tenant: 'default',
  scopes: ['audit:read'],
  reviewer: null,
}

export const everything: Principal = {
  ...carol,
  key: 'test|everything',
  subject: { id: 'root-desk', type: 'user' },
  scopes: ['call', 'approvals:read', 'approvals:decide', 'audit:read'],
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-mcp-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A real engine: SQLite and the log in a folder of its own, Rego compiled once for all tests. */
export async function testEngine(options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const lelu = await createLelu({
    directory: temporaryFolder(),
    cache: join(tmpdir(), 'lelu-mcp-policy-cache'),
    policies,
    ...options,
  })
  onTestFinished(() => lelu.close())
  return lelu
}

/** A gateway's executors: one server, whose tools answer what they were given. `ran` counts. */
export function testExecutors(run?: Execute<CallToolResult>) {
  const ran: Json[] = []
  const execute: Execute<CallToolResult> = async (call, more) => {
    ran.push(call.input)
    if (run !== undefined) return run(call, more)
    return { content: [{ type: 'text', text: 'traded' }], structuredContent: { ok: true } }
  }
  return { ran, of: (server: string | undefined) => (server === 'exchange' ? execute : undefined) }
}

export type Fixture = { lelu: Lelu; surface: Surface; executors: ReturnType<typeof testExecutors> }

export async function fixture(
  options: Partial<LeluSurfaceOptions> & { run?: Execute<CallToolResult> } = {},
  engine: Partial<LeluOptions> = {},
): Promise<Fixture> {
  const { run, ...more } = options
  const lelu = await testEngine(engine)
  const executors = testExecutors(run)
  return { lelu, executors, surface: leluSurface({ lelu, executors, policies, ...more }) }
}

export const plainPeer: CallContext['peer'] = {
  name: 'test',
  version: '1',
  protocol: '2026-07-28',
  era: 'modern',
  elicits: { form: false, url: false },
  tasks: false,
}

export function contextOf(principal: Principal, more: Partial<CallContext> = {}): CallContext {
  return {
    principal,
    peer: plainPeer,
    signal: new AbortController().signal,
    meta: {},
    answers: undefined,
    progress: async () => {},
    ...more,
  }
}

/** Calls a tool as the listener does: by name among those of the principal, with input that passes its schema. */
export async function call(
  surface: Surface,
  principal: Principal,
  name: string,
  input: { [key: string]: Json },
  more: Partial<CallContext> = {},
): Promise<ToolAnswer> {
  const tool = (await surface.tools(principal)).find((one) => one.name === name)
  if (tool === undefined) throw new Error(`no such tool: ${name}`)
  const checked = new Validator(tool.inputSchema as never, '2020-12').validate(input)
  if (!checked.valid) throw new Error(`input: ${JSON.stringify(checked.errors)}`)
  const answer = await tool.call(input, contextOf(principal, more))
  if (answer.kind === 'result') expectOutput(tool.outputSchema, answer.result)
  return answer
}

/** What clients check: structured content that passes the schema, and always some unless it is an error. */
export function expectOutput(schema: unknown, { structuredContent, isError }: CallToolResult) {
  if (isError === true && structuredContent === undefined) return
  const { valid, errors } = new Validator(schema as never, '2020-12').validate(structuredContent)
  expect(errors).toEqual([])
  expect(valid).toBe(true)
}

/** The result of a call that is answered at once. */
export async function result(...parameters: Parameters<typeof call>) {
  const answer = await call(...parameters)
  if (answer.kind !== 'result') throw new Error(`expected a result, got ${answer.kind}`)
  const [first] = answer.result.content
  const text = first?.type === 'text' ? first.text : ''
  const view = (answer.result.structuredContent ?? {}) as { [key: string]: Json }
  return { ...answer.result, text, view, isError: answer.result.isError ?? false }
}

export const order = { tool: 'trade', input: { symbol: 'ACME', amount: 100 } }

/** Asks for a trade as this principal, and answers the id of its approval. */
export async function requested(
  { surface }: Fixture,
  principal: Principal = alice,
  more: { [key: string]: Json } = {},
): Promise<string> {
  const asked = { ...order, idempotency_key: 'key-1', ...more }
  const { view, text } = await result(surface, principal, 'lelu_request_approval', asked)
  if (typeof view.approval_id !== 'string') throw new Error(text)
  return view.approval_id
}

/** A call of a gateway's tool that waits, as a gateway makes it. */
export async function suspended(
  { lelu, executors }: Fixture,
  { subject, tenant }: Principal = alice,
  id = 'call-1',
  input: Json = order.input,
): Promise<string> {
  const execute = executors.of('exchange')
  if (execute === undefined) throw new Error('no executor')
  const outcome = await lelu.guard(
    { subject, tenant, run: 'gateway', call: { id, tool: 'trade', server: 'exchange', input } },
    execute,
  )
  if (outcome.status !== 'suspended') throw new Error(`expected suspended, got ${outcome.status}`)
  return outcome.approval.id
}

export async function approve({ lelu }: Fixture, id: string): Promise<void> {
  if (carol.reviewer === null) throw new Error('no reviewer')
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: carol.reviewer })
}

/** An id of the right form that nobody has. */
export const unknownId = 'apr_01890000-0000-7000-8000-000000000000'
