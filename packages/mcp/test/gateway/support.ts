import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Approval,
  createLelu,
  type Json,
  type Lelu,
  type LeluOptions,
  type Policy,
  type PolicyAnswer,
  type RegoInput,
  type Reviewer,
} from '@lelu/engine'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { onTestFinished } from 'vitest'
import { parseGatewayConfig } from '../../src/gateway/config.ts'
import { type Gateway, type GatewayOptions, openGateway } from '../../src/gateway/gateway.ts'
import type { CallContext, ToolAnswer } from '../../src/surface/call.ts'
import type { Principal } from '../../src/surface/principal.ts'
import { toolNamed } from '../../src/surface/tool-named.ts'
import { v1HttpServer } from './servers.ts'

export const fixtures = join(import.meta.dirname, 'fixtures')
export const bob: Reviewer = { id: 'bob', issuer: 'test', method: 'test' }

export const alice: Principal = {
  key: 'test|alice',
  subject: { id: 'assistant', type: 'agent', actingFor: { id: 'alice', type: 'user' } },
  tenant: 'default',
  scopes: ['call'],
  reviewer: null,
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-gateway-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A policy made from a function; what is left out of the answer is empty. */
export function policyOf(answer: (input: RegoInput) => Partial<PolicyAnswer>): Policy {
  return {
    revision: 'test',
    evaluate: (input) => ({
      effect: 'deny',
      reasons: [],
      obligations: [],
      requirements: [],
      ...answer(input),
    }),
  }
}

export const allowed: Partial<PolicyAnswer> = {
  effect: 'allow',
  reasons: [{ id: 'allow', message: 'Allowed.' }],
}
export const asks: Partial<PolicyAnswer> = {
  effect: 'require_approval',
  reasons: [{ id: 'ask', message: 'A person decides.' }],
  requirements: [{ id: 'ask', quorum: 1, reviewers: null, expiresInMs: null }],
}
export const denies: Partial<PolicyAnswer> = {
  effect: 'deny',
  reasons: [{ id: 'no', message: 'Not this.' }],
}
export const allowAll = policyOf(() => allowed)

/** A clock that stands still until it is told to go on. */
export function testClock(start = Date.UTC(2026, 10, 22, 10)) {
  let time = start
  return {
    now: () => time,
    advance: (ms: number) => {
      time += ms
    },
  }
}

export async function testEngine(options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const lelu = await createLelu({ directory: temporaryFolder(), policies: allowAll, ...options })
  onTestFinished(() => lelu.close())
  return lelu
}

/** What stands in for the part that tells a client of an approval: it answers the id. */
export const standIn: GatewayOptions['pending'] = {
  answer: async ({ id, state }) => ({
    kind: 'result',
    result: {
      content: [{ type: 'text', text: `pending ${id}` }],
      structuredContent: { id, state },
    },
  }),
}

export type TestGateway = Gateway & {
  lelu: Lelu
  folder: string
  notices: string[]
  /** What the server `v1` has done to the world. */
  effects(): string[]
  call(
    tool: string,
    input?: { [key: string]: Json },
    more?: Partial<CallContext>,
  ): Promise<CallToolResult>
  names(principal?: Principal): Promise<string[]>
  /** The approval that the stand-in told of. */
  approval(answer: CallToolResult): Promise<Approval>
}

type Setup = {
  servers?: { [name: string]: unknown }
  settings?: { [name: string]: unknown }
  lelu?: Lelu
  engine?: Partial<LeluOptions>
  folder?: string
  gateway?: Partial<GatewayOptions>
}

export function contextOf(more: Partial<CallContext> = {}): CallContext {
  return {
    principal: alice,
    peer: {
      name: 'test',
      version: '1',
      protocol: '2025-11-25',
      era: 'legacy',
      elicits: { form: false, url: false },
      tasks: false,
    },
    signal: new AbortController().signal,
    meta: {},
    answers: undefined,
    progress: async () => {},
    ...more,
  }
}

/** Calls a tool as the listener does. */
export async function callTool(
  gateway: Gateway,
  name: string,
  input: { [key: string]: Json },
  more: Partial<CallContext> = {},
): Promise<ToolAnswer> {
  const context = contextOf(more)
  const tool = await toolNamed(gateway.surface, name, context.principal)
  if (tool !== undefined) return tool.call(input, context)
  const result = await gateway.surface.absent?.(name, context.principal)
  if (result === undefined) throw new Error(`no such tool: ${name}`)
  return { kind: 'result', result }
}

export function v1Entry(folder: string): { command: string; args: string[]; env: { LOG: string } } {
  const args = [join(fixtures, 'v1-server.ts')]
  return { command: process.execPath, args, env: { LOG: join(folder, 'effects') } }
}

export async function testGateway(setup: Setup = {}): Promise<TestGateway> {
  const folder = setup.folder ?? temporaryFolder()
  const lelu = setup.lelu ?? (await testEngine(setup.engine))
  const notices: string[] = []
  const v1 = setup.servers === undefined ? await v1HttpServer() : undefined
  const mcpServers = setup.servers ?? { v1: { url: v1?.url } }
  const file = { mcpServers, lelu: setup.settings ?? {} }
  const path = join(folder, 'lelu-mcp.json')
  const gateway = await openGateway({
    config: parseGatewayConfig(JSON.stringify(file), { path, env: process.env }),
    lelu,
    pending: standIn,
    notice: (text) => notices.push(text),
    openWithinMs: 60_000,
    ...setup.gateway,
  })
  onTestFinished(() => gateway.close())
  return {
    ...gateway,
    lelu,
    folder,
    notices,
    effects: () => v1?.effects ?? linesOf(join(folder, 'effects')),
    async call(tool, input = {}, more) {
      const answer = await callTool(gateway, tool, input, more)
      if (answer.kind !== 'result') throw new Error(`the answer is ${answer.kind}`)
      return answer.result
    },
    names: async (principal = alice) =>
      (await gateway.surface.tools(principal)).map(({ name }) => name),
    approval: (answer) =>
      lelu.approvals.get(String((answer.structuredContent as { id?: string }).id)),
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

/** The text of a result, for comparing. */
export function textOf({ content }: CallToolResult): string {
  return content.map((block) => (block.type === 'text' ? block.text : block.type)).join('\n')
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await condition()) return
    await new Promise((next) => setTimeout(next, 20))
  }
  throw new Error('it never came to be')
}
