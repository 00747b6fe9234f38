import { expect, test } from 'vitest'
import type { Authenticator, Surface, SurfaceChange } from '../../src/index.ts'
import {
  bearer,
  eventually,
  message,
  modern,
  openSession,
  person,
  raw,
  rpc,
  said,
  serve,
  stream,
  tokens,
  tool,
  whoami,
} from './serving.ts'

const auth = tokens({ alice: person('alice'), bob: person('bob') })

/** Two resources, each of one person, that can change. */
function changing(): Surface & { change(change: SurfaceChange): void } {
  const listeners = new Set<(change: SurfaceChange) => void>()
  return {
    tools: () => [whoami],
    resources: () => [],
    async read(uri, { subject }) {
      return uri === `test://${subject.id}` ? { contents: [{ uri, text: 'secret' }] } : undefined
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    change(change) {
      for (const listener of listeners) listener(change)
    },
  }
}

const everything = {
  notifications: {
    toolsListChanged: true,
    resourceSubscriptions: ['test://alice', 'test://bob'],
  },
}

test('a modern subscription hears of lists, and of resources that its principal can read', async () => {
  const surface = changing()
  const server = await serve(surface, { auth })
  const { headers, body } = modern('subscriptions/listen', everything)
  const { text } = await stream(server, {
    method: 'POST',
    headers: { ...headers, ...bearer('alice') },
    body,
  })
  await eventually(text).toContain('acknowledged')
  surface.change({ kind: 'resource', uri: 'test://bob' })
  surface.change({ kind: 'resource', uri: 'test://alice' })
  surface.change({ kind: 'tools' })
  await eventually(text).toContain('notifications/tools/list_changed')
  expect(text()).toContain('test://alice')
  expect(text()).not.toContain('test://bob')
})

test('a legacy session hears of lists, and of resources that it subscribed to and can read', async () => {
  const surface = changing()
  const server = await serve(surface, { auth })
  const headers = {
    ...bearer('alice'),
    'mcp-session-id': await openSession(server, bearer('alice')),
  }
  const subscribe = async (uri: string) =>
    message(await raw(server, { headers, body: rpc('resources/subscribe', { uri }) }))
  expect(await subscribe('test://alice')).toHaveProperty('result')
  expect(await subscribe('test://bob')).toHaveProperty('error')
  const { text } = await stream(server, { method: 'GET', headers })
  surface.change({ kind: 'resource', uri: 'test://bob' })
  surface.change({ kind: 'resource', uri: 'test://alice' })
  surface.change({ kind: 'tools' })
  await eventually(text).toContain('notifications/tools/list_changed')
  expect(text()).toContain('test://alice')
  expect(text()).not.toContain('test://bob')
})

test.each(['GET', 'POST'])(
  'a stream ends with the token it was opened with (%s)',
  async (method) => {
    const people: Authenticator = {
      open: false,
      documents: new Map(),
      authenticate: async () => ({ principal: person('alice'), expiresAt: Date.now() + 300 }),
    }
    const server = await serve(changing(), { auth: people })
    const id = await openSession(server)
    const { headers, body } = modern('subscriptions/listen', everything)
    const { response } = await stream(
      server,
      method === 'GET' ? { method, headers: { 'mcp-session-id': id } } : { method, headers, body },
    )
    await eventually(() => response.closed).toBe(true)
  },
)

test.each(['GET', 'POST'])(
  'a stream whose token was taken back before it began ends at once (%s)',
  async (method) => {
    const revoked = new AbortController()
    const people: Authenticator = {
      open: false,
      documents: new Map(),
      authenticate: async () => ({ principal: person('alice'), revoked: revoked.signal }),
    }
    const server = await serve(changing(), { auth: people })
    const id = await openSession(server)
    revoked.abort()
    const { headers, body } = modern('subscriptions/listen', everything)
    const opened = stream(
      server,
      method === 'GET' ? { method, headers: { 'mcp-session-id': id } } : { method, headers, body },
    ).then(({ response }) => eventually(() => response.closed).toBe(true))
    await opened.catch((error: NodeJS.ErrnoException) => expect(error.code).toBe('ECONNRESET'))
  },
)

test.each(['legacy', 'modern'])(
  'a call is answered though the token it came with runs out meanwhile (%s)',
  async (era) => {
    const expired = Promise.withResolvers<void>()
    const people: Authenticator = {
      open: false,
      documents: new Map(),
      authenticate: async () => ({ principal: person('alice'), expiresAt: Date.now() }),
    }
    const slow = tool('slow', async () => {
      await expired.promise
      return said('done')
    })
    const server = await serve({ tools: () => [slow] }, { auth: people })
    const call = { name: 'slow', arguments: {} }
    const { headers, body } =
      era === 'modern'
        ? modern('tools/call', call)
        : {
            headers: { 'mcp-session-id': await openSession(server) },
            body: rpc('tools/call', call),
          }
    const answer = raw(server, { headers, body })
    // A stream that is opened after it has ended by now.
    const listen = modern('subscriptions/listen', everything)
    await raw(server, listen).catch(() => {})
    expired.resolve()
    expect((await answer).text).toContain('done')
  },
)
