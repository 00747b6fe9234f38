import { Keyv } from 'keyv'
import { expect, it, vi } from 'vitest'
import { fromKeyv } from '../../src/index.ts'
import { approved, temporaryFolder, testEngine } from '../support.ts'

const adapter = {
  get: async () => undefined,
  set: async () => true,
  delete: async () => true,
  clear: async () => {},
}

const driver = () => {
  const memory = fromKeyv(new Keyv())
  const storeOf = (swap: typeof memory.swap) =>
    new Keyv({ store: { ...adapter, [Symbol.for('lelu.approval-store')]: { ...memory, swap } } })
  return { memory, storeOf }
}

/** Nobody listens there: a try is counted, and changes the revision. */
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const targets = [{ name: 'ops', type: 'webhook' as const, url: 'http://127.0.0.1:9/', secret }]

it('a claim whose reply was lost runs, though a notice was counted before it could be read back', async () => {
  const { memory, storeOf } = driver()
  const directory = temporaryFolder()
  const notifier = await testEngine({
    directory,
    store: storeOf(memory.swap),
    notify: { targets, everyMs: 3_600_000 },
  })
  let lost = 0
  const first = await testEngine({
    directory,
    notices: true,
    store: storeOf(async (rev, next, window) => {
      const swapped = await memory.swap(rev, next, window)
      if (next.state !== 'executing' || lost > 0) return swapped
      lost += 1
      await notifier.notifications.begin()
      throw new Error('the connection was reset')
    }),
  })
  const id = await approved(first)
  const tool = vi.fn(() => 'once')
  expect(await first.resume(id, tool)).toMatchObject({ status: 'executed', value: 'once' })
  expect(lost).toBe(1)
  expect(tool).toHaveBeenCalledOnce()
  expect(await notifier.approvals.get(id)).toMatchObject({ state: 'completed' })
})
