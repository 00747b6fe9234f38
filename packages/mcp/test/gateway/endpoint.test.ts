import { expect, test } from 'vitest'
import { endpointOf } from '../../src/gateway/endpoint.ts'
import { v1HttpServer } from './servers.ts'
import { asks, bob, policyOf, temporaryFolder, testEngine, testGateway, textOf } from './support.ts'

const stdio = {
  kind: 'stdio' as const,
  ...{ command: 'node', args: ['server.mjs', 'a'], env: { TOKEN: '1' }, cwd: '/srv' },
}
const http = {
  kind: 'http' as const,
  ...{ url: 'https://a.example/mcp', headers: { authorization: 'Bearer 1' }, transport: undefined },
}

test('a server is where its command, arguments and folder say, or its address; new secrets do not move it', () => {
  const all = [
    stdio,
    { ...stdio, args: ['server.mjs', 'b'] },
    { ...stdio, args: ['server.mjs a'] },
    { ...stdio, command: 'bun' },
    { ...stdio, cwd: '/home' },
    { ...stdio, env: { OTHER: '1' } },
    http,
    { ...http, url: 'https://b.example/mcp' },
  ]
  expect(new Set(all.map(endpointOf)).size).toBe(all.length)
  expect(endpointOf({ ...stdio, env: { TOKEN: '2' } })).toBe(endpointOf(stdio))
  expect(endpointOf({ ...http, headers: { authorization: 'Bearer 2' } })).toBe(endpointOf(http))
})

/** Two servers with the same tools, the first of which is behind the name `v1`; then the second is. */
async function moved() {
  const [first, second] = [await v1HttpServer(), await v1HttpServer()]
  const lelu = await testEngine({ policies: policyOf(() => asks) })
  const folder = temporaryFolder()
  const open = (url: string) => testGateway({ lelu, folder, servers: { v1: { url } } })
  return { lelu, first, second, before: await open(first.url), after: await open(second.url) }
}

// Found in review: two servers that were wrapped under the default name shared their approvals.
test('what was approved for a server does not run on another that has its name now', async () => {
  const { lelu, first, second, before, after } = await moved()
  const approval = await before.approval(await before.call('v1__write', { text: 'a' }))
  await lelu.approvals.review(approval.id, { reviewer: bob, verdict: 'approve' })
  const other = await after.call('v1__write', { text: 'a' })
  expect((await after.approval(other)).id).not.toBe(approval.id)
  const execute = after.executors.of('v1')
  if (execute === undefined) throw new Error('there is none')
  await expect(lelu.resume(approval.id, execute)).rejects.toMatchObject({
    code: 'LELU_SERVER_CHANGED',
  })
  expect([...first.effects, ...second.effects]).toEqual([])
})

test('a call with a name of its own is a conflict at the other server, and runs at the first', async () => {
  const { lelu, first, second, before, after } = await moved()
  const meta = { 'lelu/call': 'order-7' }
  const approval = await before.approval(await before.call('v1__write', { text: 'a' }, { meta }))
  await lelu.approvals.review(approval.id, { reviewer: bob, verdict: 'approve' })
  const answer = await after.call('v1__write', { text: 'a' }, { meta })
  expect(textOf(answer)).toMatch(/^LELU_APPROVAL_CONFLICT/)
  expect(second.effects).toEqual([])
  expect(textOf(await before.call('v1__write', { text: 'a' }, { meta }))).toBe('wrote a')
  expect(first.effects).toEqual(['a'])
})
