import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asks, bob, fixtures, policyOf, testGateway, textOf } from './support.ts'

const servers = { odd: { command: process.execPath, args: [join(fixtures, 'odd.ts')] } }

test('a tool whose schema the engine would not take is left out, and that is said once for all of them', async () => {
  const { names, notices } = await testGateway({ servers })
  expect(await names()).toEqual(['odd__levels-64'])
  expect(notices[0]).toBe(
    'odd: 2 tools are left out, each: its input schema has more than 64 levels, and no call of it could be decided',
  )
})

test('a list whose pages do not end in time holds nothing up: the time is that of the whole list', async () => {
  const { command, args } = servers.odd
  const { notices } = await testGateway({
    servers: { drip: { command, args: [...args, 'drip'] } },
    gateway: { connectTimeoutMs: 3000 },
  })
  expect(notices[0]).toMatch(/^drip does not list its tools \(REQUEST_TIMEOUT\)/)
})

test('a result that nobody can read leaves the call unknown: it may have taken effect', async () => {
  const engine = { policies: policyOf(() => asks) }
  const { call, approval, lelu } = await testGateway({ servers, engine })
  const { id } = await approval(await call('odd__levels-64'))
  await lelu.approvals.review(id, { reviewer: bob, verdict: 'approve' })
  expect(textOf(await call('odd__levels-64'))).toMatch(
    /^LELU_MCP_UPSTREAM_LOST: .* answered levels-64 with what is no result\. Whether .* not known/,
  )
  expect((await lelu.approvals.get(id)).state).toBe('unknown')
})
