import { expect, it, vi } from 'vitest'
import { lostReplies, neverSent } from '../../src/store/lost-reply.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { StoredRow } from '../../src/store/store.ts'

const row = (rev: number, attempt: string): StoredRow => ({
  ...{ id: 'apr_1', tenant: 'default', state: 'pending', rev, idem: null, createdAt: 1 },
  ...{ attempt, audited: 0, due: null, body: '{}', seal: '' },
})
const lost = new Error('connection lost')
const ours = (stored: StoredRow | undefined) => (stored?.attempt === 'ours' ? 'done' : undefined)

/** A store that has written what it did not answer, and whose next reads fail as often. */
async function storeThatLoses(reads: number) {
  const store = memoryStore()
  await store.create(row(1, 'first'))
  await store.swap(1, row(2, 'ours'))
  const get = vi.fn(store.get)
  for (let n = 0; n < reads; n += 1) get.mockRejectedValueOnce(lost)
  return { store: { ...store, get }, get }
}

it('a write whose reply was lost is found, though the connection is away for a while', async () => {
  const { store, get } = await storeThatLoses(3)
  const written = lostReplies(store, 2000)
  expect(await written('apr_1', Promise.reject(lost), 'changing', ours)).toBe('done')
  expect(get).toHaveBeenCalledTimes(4)
})

it('a write that is not found is the error it was', async () => {
  const { store } = await storeThatLoses(0)
  const written = lostReplies(store, 2000)
  await expect(
    written('apr_1', Promise.reject(lost), 'changing', () => undefined),
  ).rejects.toMatchObject({ code: 'LELU_STORE_UNAVAILABLE', cause: lost })
})

/** A store in which a write is under way that nobody sees yet. */
async function storeOf(rev: number) {
  const store = memoryStore()
  await store.create(row(rev, 'first'))
  return { ...store, get: vi.fn(store.get) }
}

it('a write that is still under way when it is looked for is waited for', async () => {
  const store = await storeOf(1)
  const writing = Promise.withResolvers<'done'>()
  const answer = lostReplies(store, 2000)('apr_1', writing.promise, 'changing', ours)
  await expect.poll(() => store.get.mock.calls.length, { timeout: 30_000 }).toBe(1)
  writing.resolve('done')
  expect(await answer).toBe('done')
})

it('a write is done when its answer comes, though nothing can be read meanwhile', async () => {
  const reading = vi.fn(() => new Promise<undefined>(() => {}))
  const writing = Promise.withResolvers<'done'>()
  const store = { ...(await storeOf(1)), get: reading }
  const answer = lostReplies(store, 2000)('apr_1', writing.promise, 'changing', ours)
  await expect.poll(() => reading.mock.calls.length, { timeout: 30_000 }).toBe(1)
  writing.resolve('done')
  expect(await answer).toBe('done')
})

it('a write that is done after it was first looked for is found, though it is never answered', async () => {
  const store = await storeOf(1)
  const answer = lostReplies(store, 2000)('apr_1', new Promise<'done'>(() => {}), 'changing', ours)
  await expect.poll(() => store.get.mock.calls.length, { timeout: 30_000 }).toBe(1)
  await store.swap(1, row(2, 'ours'))
  expect(await answer).toBe('done')
})

it('a write that ends without being done is looked for once more, and is the error it was', async () => {
  const store = await storeOf(1)
  const writing = Promise.withResolvers<'done'>()
  const answer = lostReplies(store, 2000)('apr_1', writing.promise, 'changing', ours)
  answer.catch(() => {})
  await expect.poll(() => store.get.mock.calls.length, { timeout: 30_000 }).toBe(1)
  writing.reject(lost)
  await expect(answer).rejects.toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
  expect(store.get).toHaveBeenCalledTimes(2)
})

// Beside inputs of a megabyte a claim was given up of which the store had answered that it is there: nobody ran that call.
it('a process that is busy all the time has the turns that reading back takes', async () => {
  const { store } = await storeThatLoses(0)
  let turns = 0
  let isDone = false
  const busy = (async () => {
    while (!isDone) {
      await new Promise((next) => setImmediate(next))
      turns += 1
      for (const end = performance.now() + 100; performance.now() < end; );
    }
  })()
  const get = async (id: string) => {
    for (let n = 0; n < 3; n += 1) await new Promise((next) => setImmediate(next))
    return store.get(id)
  }
  const lostReply = new Promise<'done'>(() => {})
  const answer = lostReplies({ ...store, get }, 500)('apr_1', lostReply, 'changing', ours)
  expect(await answer.finally(() => (isDone = true))).toBe('done')
  await busy
  expect(turns).toBeGreaterThan(5)
})

// A hundred that waited in vain for a connection asked for one more each, and those behind them got none either.
it('a write that says, while it is looked for, that it was never sent is not looked for again', async () => {
  const store = await storeOf(1)
  const writing = Promise.withResolvers<'done'>()
  const answer = lostReplies(store, 500)('apr_1', writing.promise, 'changing', ours)
  answer.catch(() => {})
  await expect.poll(() => store.get.mock.calls.length, { timeout: 30_000 }).toBe(1)
  const error = neverSent('No connection was free.', 'Try again.')
  writing.reject(error)
  await expect(answer).rejects.toBe(error)
  await new Promise((next) => setImmediate(next))
  expect(store.get).toHaveBeenCalledTimes(1)
})

it.each([
  ['never answers', () => new Promise<never>(() => {})],
  ['fails at once', () => Promise.reject(lost)],
])(
  'a store that is away is given up when the deadline is over: a write that %s',
  async (_what, write) => {
    const { store } = await storeThatLoses(0)
    const away = { ...store, get: () => Promise.reject(lost) }
    const written = lostReplies(away, 200)
    const started = performance.now()
    await expect(written('apr_1', write(), 'changing', ours)).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
    })
    const took = performance.now() - started
    expect(took).toBeLessThan(5000)
  },
)
