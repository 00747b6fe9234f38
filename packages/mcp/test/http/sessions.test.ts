import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { createSessions } from '../../src/http/sessions.ts'
import type { Principal, SurfaceChange } from '../../src/index.ts'
import {
  bearer,
  eventually,
  initialize,
  message,
  openSession,
  person,
  raw,
  rpc,
  serve,
  stream,
  tokens,
  whoami,
} from './serving.ts'

const surface = { tools: () => [whoami] }
const people = { alice: person('alice'), bob: person('bob'), mallory: person('mallory') }
const auth = tokens(people)
const callWhoami = rpc('tools/call', { name: 'whoami', arguments: {} })

test('the valid token of another on a session is answered as if it were not there, and changes nothing', async () => {
  const server = await serve(surface, { auth })
  const id = await openSession(server, bearer('alice'))
  const alice = { ...bearer('alice'), 'mcp-session-id': id }
  const bob = { ...bearer('bob'), 'mcp-session-id': id }

  const foreign = await raw(server, { headers: bob, body: callWhoami })
  const unknown = await raw(server, {
    headers: { ...bob, 'mcp-session-id': 'no-such-session' },
    body: callWhoami,
  })
  expect(foreign.status).toBe(404)
  expect(foreign.text).toBe(unknown.text)
  expect((await raw(server, { method: 'GET', headers: bob })).status).toBe(404)
  expect((await raw(server, { method: 'DELETE', headers: bob })).status).toBe(404)

  const own = await raw(server, { headers: alice, body: callWhoami })
  expect(own.status).toBe(200)
  expect(message(own).result.content[0].text).toBe('test|alice call')
})

test('a session without a token, or with one that is not valid, is not reached', async () => {
  const server = await serve(surface, { auth })
  const id = await openSession(server, bearer('alice'))
  for (const headers of [{}, bearer('nobody'), bearer('constructor')]) {
    const answer = await raw(server, {
      headers: { ...headers, 'mcp-session-id': id },
      body: callWhoami,
    })
    expect(answer.status).toBe(401)
  }
})

test('a request counts for what its own token is good for, not the one that opened the session', async () => {
  const scopes: Principal['scopes'] = ['call', 'approvals:read']
  const auth = tokens({ much: person('alice', scopes), little: person('alice', ['call']) })
  const server = await serve(surface, { auth })
  const id = await openSession(server, bearer('much'))
  const headers = { ...bearer('little'), 'mcp-session-id': id }
  const answer = await raw(server, { headers, body: callWhoami })
  expect(message(answer).result.content[0].text).toBe('test|alice call')
})

test('nothing but an opening is answered without a session', async () => {
  const server = await serve(surface)
  expect((await raw(server, { body: callWhoami })).status).toBe(400)
  for (const method of ['GET', 'DELETE']) {
    const answer = await raw(server, { method })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe('POST')
  }
  expect((await raw(server, { method: 'DELETE', path: '/sse' })).status).toBe(405)
  expect((await raw(server, { method: 'PUT', body: initialize })).status).toBe(405)
})

test('a session that its client ends is gone', async () => {
  const server = await serve(surface)
  const headers = { 'mcp-session-id': await openSession(server) }
  expect((await raw(server, { method: 'DELETE', headers })).status).toBe(200)
  expect((await raw(server, { headers, body: callWhoami })).status).toBe(404)
})

test('a session that nobody uses ends by itself', async () => {
  const server = await serve(surface, { sessionIdleMs: 20 })
  const headers = { 'mcp-session-id': await openSession(server) }
  await eventually(async () => {
    await sleep(60) // each request is a use
    return (await raw(server, { headers, body: callWhoami })).status
  }).toBe(404)
})

test('a session with an open stream or request is in use, however long nothing is said', () => {
  vi.useFakeTimers()
  const sessions = createSessions<object>({ maxSessions: 10, idleMs: 1000 })
  const ended: string[] = []
  const add = (id: string) => {
    const session = { connect() {}, changed() {}, close: async () => void ended.push(id) }
    return sessions.add({ id, owner: 'alice', session, transport: {} })
  }
  add('idle')
  const done = sessions.use(add('used'))
  vi.advanceTimersByTime(10_000)
  expect(ended).toEqual(['idle'])
  expect(sessions.find('used', 'alice')).toBeDefined()
  done()
  vi.advanceTimersByTime(10_000)
  expect(ended).toEqual(['idle', 'used'])
  vi.useRealTimers()
})

test('a session whose stream is open does not make room for another', async () => {
  const server = await serve(surface, { maxSessions: 1 })
  const headers = { 'mcp-session-id': await openSession(server) }
  await stream(server, { method: 'GET', headers })
  expect((await raw(server, { body: initialize })).status).toBe(503)
})

test('whoever opens more sessions than there may be loses its own oldest one', async () => {
  const server = await serve(surface, { maxSessions: 3 })
  const ids: string[] = []
  for (let n = 0; n < 4; n += 1) ids.push(await openSession(server))
  const statuses = await Promise.all(
    ids.map(async (id) => {
      const headers = { 'mcp-session-id': id }
      return (await raw(server, { headers, body: callWhoami })).status
    }),
  )
  expect(statuses).toEqual([404, 200, 200, 200])
})

test('nobody can push out the sessions of who has no more of them', async () => {
  const server = await serve(surface, { auth, maxSessions: 2 })
  const id = await openSession(server, bearer('alice'))
  await openSession(server, bearer('mallory'))
  for (let n = 0; n < 3; n += 1) await openSession(server, bearer('mallory'))
  const refused = await raw(server, { headers: bearer('bob'), body: initialize })
  expect(refused.status).toBe(503)
  expect(refused.headers['retry-after']).toBeDefined()
  const headers = { ...bearer('alice'), 'mcp-session-id': id }
  expect((await raw(server, { headers, body: callWhoami })).status).toBe(200)
})

test('nobody can keep others out with sessions that nobody uses', async () => {
  const server = await serve(surface, { auth, maxSessions: 4 })
  const alice = await openSession(server, bearer('alice'))
  const ids: string[] = []
  for (let n = 0; n < 3; n += 1) ids.push(await openSession(server, bearer('mallory')))
  await openSession(server, bearer('bob'))
  const status = async (name: string, id: string | undefined) =>
    (
      await raw(server, {
        headers: { ...bearer(name), 'mcp-session-id': `${id}` },
        body: callWhoami,
      })
    ).status
  expect(await status('mallory', ids[0])).toBe(404)
  expect(await status('mallory', ids[1])).toBe(200)
  expect(await status('alice', alice)).toBe(200)
})

test('a session with an open stream is not taken for others', async () => {
  const server = await serve(surface, { auth, maxSessions: 2 })
  for (let n = 0; n < 2; n += 1) {
    const headers = {
      ...bearer('mallory'),
      'mcp-session-id': await openSession(server, bearer('mallory')),
    }
    await stream(server, { method: 'GET', headers })
  }
  expect((await raw(server, { headers: bearer('bob'), body: initialize })).status).toBe(503)
})

test('an opening that the transport refuses leaves no session behind', async () => {
  const server = await serve(surface, { auth, maxSessions: 1 })
  const headers = { ...bearer('alice'), accept: 'application/json' }
  expect((await raw(server, { headers, body: initialize })).status).toBe(406)
  await openSession(server, bearer('bob'))
})

test('closing ends calls, streams and sessions, and leaves nothing that keeps a process alive', async () => {
  let aborted = false
  let started = () => {}
  const running = new Promise<void>((resolve) => {
    started = resolve
  })
  const listeners = new Set<(change: SurfaceChange) => void>()
  const endless = {
    name: 'endless',
    description: 'endless',
    inputSchema: { type: 'object' },
    call: (_input: object, { signal }: { signal: AbortSignal }) =>
      new Promise<never>(() => {
        signal.addEventListener('abort', () => {
          aborted = true
        })
        started()
      }),
  }
  const server = await serve({
    tools: () => [endless],
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const headers = { 'mcp-session-id': await openSession(server) }
  const call = raw(server, { headers, body: rpc('tools/call', { name: 'endless' }) }).catch(
    () => 'cut off',
  )
  const stream = raw(server, { method: 'GET', path: '/sse' }).catch(() => 'cut off')
  await running
  expect(listeners.size).toBe(1)
  await server.close()
  await Promise.all([call, stream])
  expect(aborted).toBe(true)
  expect(listeners.size).toBe(0)
  await expect(raw(server, { method: 'GET', path: '/health' })).rejects.toThrow()
})
