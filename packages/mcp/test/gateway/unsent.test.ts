import type { Lelu } from '@lelu/engine'
import { expect, test } from 'vitest'
import { resumeApproved } from '../../src/pending/resume-approved.ts'
import { legacyServer, modernServer, v1HttpServer } from './servers.ts'
import {
  alice,
  asks,
  bob,
  policyOf,
  type TestGateway,
  testEngine,
  testGateway,
  textOf,
  until,
} from './support.ts'

// A person's yes is worth something: it is not spent on a call that is never sent.

const asking = policyOf(() => asks)

async function approved(gateway: TestGateway, tool: string, input = {}): Promise<string> {
  const { id } = await gateway.approval(await gateway.call(tool, input))
  await gateway.lelu.approvals.review(id, { reviewer: bob, verdict: 'approve' })
  return id
}

/** As `lelu_resume` and a task do. */
async function resumed(lelu: Lelu, gateway: TestGateway, id: string): Promise<string> {
  const { signal } = new AbortController()
  const { executors } = gateway
  const caller = { principal: alice, signal, spend: false }
  const ended = await resumeApproved({ lelu, executors }, id, caller)
  return 'result' in ended ? textOf(ended.result) : ended.status
}

const portOf = (url: string) => Number(new URL(url).port)

test.each([
  ['2026-07-28', modernServer, 'up__add', { a: 1, b: 2 }, '3'],
  ['before', (port?: number) => legacyServer(undefined, port), 'up__old', {}, 'streamable'],
] as const)(
  'an approval outlives a server of %s that is gone when its call comes, and runs when it is back',
  async (_era, open, tool, input, answer) => {
    const server = await open()
    const lelu = await testEngine({ policies: asking })
    const gateway = await testGateway({ lelu, servers: { up: { url: server.url } } })
    const id = await approved(gateway, tool, input)
    const other = await approved(gateway, tool, { ...input, _meta: 'other' })
    await server.stop()
    expect(textOf(await gateway.call(tool, input))).toMatch(/^LELU_MCP_UPSTREAM_AWAY/)
    expect(await resumed(lelu, gateway, other)).toMatch(/^LELU_MCP_UPSTREAM_AWAY/)
    for (const one of [id, other]) {
      expect(await lelu.approvals.get(one)).toMatchObject({ state: 'approved' })
    }
    await open(portOf(server.url))
    await until(async () => (await gateway.names()).includes(tool))
    expect(textOf(await gateway.call(tool, input))).toBe(answer)
    expect(await resumed(lelu, gateway, other)).toBe(answer)
  },
)

test('an approval outlives the restart of a server that has forgotten the session', async () => {
  const server = await legacyServer()
  const gateway = await testGateway({
    engine: { policies: asking },
    servers: { up: { url: server.url } },
  })
  const id = await approved(gateway, 'up__old')
  await server.stop()
  const port = portOf(server.url)
  await legacyServer(undefined, port)
  expect(textOf(await gateway.call('up__old'))).toMatch(/^LELU_MCP_UPSTREAM_AWAY/)
  await until(async () => (await gateway.names()).includes('up__old'))
  expect(textOf(await gateway.call('up__old'))).toBe('streamable')
  expect(await gateway.lelu.approvals.get(id)).toMatchObject({ state: 'completed' })
})

test('an approval that does not hold any more is on record as not run, and the same call is asked for anew', async () => {
  const server = await v1HttpServer()
  const lelu = await testEngine({ policies: asking })
  const gateway = await testGateway({ lelu, servers: { v1: { url: server.url } } })
  const id = await approved(gateway, 'v1__write', { text: 'a' })
  server.said.write = 'Writes a line elsewhere.'
  await server.changed()
  await until(async () => !(await gateway.names()).includes('v1__write'))
  expect(await resumed(lelu, gateway, id)).toMatch(/^LELU_TOOL_CHANGED/)
  expect(await lelu.approvals.get(id)).toMatchObject({ result: { status: 'not_run' } })
  expect(await resumed(lelu, gateway, id)).toMatch(/was not run\. It was stopped before it began/)
  server.said.write = 'Writes a line.'
  await server.changed()
  await until(async () => (await gateway.names()).includes('v1__write'))
  const anew = await gateway.call('v1__write', { text: 'a' })
  expect((await gateway.approval(anew)).state).toBe('pending')
  expect(textOf(anew)).toContain(`${id} is failed, and it did not run`)
  expect(server.effects).toEqual([])
})
