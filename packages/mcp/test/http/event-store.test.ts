import { describe, expect, test } from 'vitest'
import { createEventStore } from '../../src/http/event-store.ts'
import { eventually, openSession, raw, rpc, said, serve, stream, tool } from './serving.ts'

const said2 = (text: string) => ({ jsonrpc: '2.0' as const, method: 'said', params: { text } })

/** What is sent again to a client that knows the event of this id. */
async function replayed(store: ReturnType<typeof createEventStore>, id: string) {
  const sent: [id: string, message: unknown][] = []
  const stream = await store.replayEventsAfter(id, {
    send: async (event, message) => {
      sent.push([event, message])
    },
  })
  return { stream, sent }
}

describe('what a session sent', () => {
  test('is sent again from behind an event, of its stream alone, without the opening of the stream', async () => {
    const store = createEventStore()
    const opening = await store.storeEvent('a', {} as never)
    const first = await store.storeEvent('a', said2('first'))
    await store.storeEvent('b', said2('of another stream'))
    await store.storeEvent('a', {} as never)
    const second = await store.storeEvent('a', said2('second'))
    const all = {
      stream: 'a',
      sent: [[first, said2('first')] as const, [second, said2('second')] as const],
    }
    expect(await replayed(store, opening)).toEqual(all)
    expect((await replayed(store, first)).sent).toEqual([[second, said2('second')]])
    expect((await replayed(store, second)).sent).toEqual([])
    expect(await store.getStreamIdForEventId?.(second)).toBe('a')
    await expect(replayed(store, '99')).rejects.toThrow(RangeError)
    expect(await store.getStreamIdForEventId?.('99')).toBeUndefined()
  })

  test.each([
    ['256 messages', 'x', 257],
    ['a megabyte', 'x'.repeat(300_000), 5],
  ])('is kept up to %s: the oldest goes first', async (_what, text, count) => {
    const store = createEventStore()
    const ids: string[] = []
    for (let n = 0; n < count; n += 1) ids.push(await store.storeEvent('a', said2(text)))
    await expect(replayed(store, ids[0] as string)).rejects.toThrow(RangeError)
    expect((await replayed(store, ids.at(-3) as string)).sent).toHaveLength(2)
  })

  test('last is kept, however large it is', async () => {
    const store = createEventStore()
    const id = await store.storeEvent('a', said2('x'.repeat(2_000_000)))
    expect((await replayed(store, id)).stream).toBe('a')
  })
})

test('a client that lost its connection gets the answer with the id of the last event it has, and in its own session only', async () => {
  const greet = tool('greet', async () => said('hello'))
  const server = await serve({ tools: () => [greet] })
  const open = async () => ({
    'mcp-session-id': await openSession(server),
    'mcp-protocol-version': '2025-11-25',
  })
  const headers = await open()
  const call = rpc('tools/call', { name: 'greet', arguments: {} }, 7)
  const { text: whole } = await raw(server, { headers, body: call })
  const id = /^id: (.+)$/m.exec(whole)?.[1] as string
  expect(whole.indexOf('hello')).toBeGreaterThan(whole.indexOf(`id: ${id}`) + 10)
  const again = { method: 'GET', headers: { ...headers, 'last-event-id': id } }
  const { text } = await stream(server, again)
  await eventually(text).toContain('hello')
  const other = { ...(await open()), 'last-event-id': id }
  const foreign = await raw(server, { method: 'GET', headers: other })
  expect([foreign.status, foreign.text.includes('hello')]).toEqual([400, false])
})
