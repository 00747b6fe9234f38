import { Keyv } from 'keyv'
import { expect, it } from 'vitest'
import { fromKeyv, newKeyRing } from '../../src/index.ts'
import { suspended, testClock, testEngine } from '../support.ts'
import { notifying, receiver, status } from './receiver.ts'

const hour = 3_600_000

it('a notice that is refused again before its retry has ended stays on the list', async () => {
  const clock = testClock()
  const target = await receiver()
  target.answers.push(status(410), status(410))
  const store = fromKeyv(new Keyv())
  let meanwhile: (() => Promise<unknown>) | undefined
  const swap: typeof store.swap = async (...given) => {
    const swapped = await store.swap(...given)
    if (given[1].id.startsWith('apr_')) {
      const now = meanwhile
      meanwhile = undefined
      await now?.()
    }
    return swapped
  }
  const keyvOf = (driver: typeof store) => {
    const adapter = { [Symbol.for('lelu.approval-store')]: driver }
    return { store: adapter, get: async () => undefined } as never
  }
  const shared = { now: clock.now, keys: newKeyRing(0) }
  const lelu = await testEngine({ ...shared, store: keyvOf(store), ...notifying(target.url) })
  const watched = Object.assign(Object.create(store) as typeof store, { swap })
  const operator = await testEngine({ ...shared, store: keyvOf(watched) })
  await suspended(lelu)
  await lelu.notifications.deliver()
  const [letter] = (await lelu.notifications.list()).undelivered
  // The retry is in the outbox and not off the list yet.
  meanwhile = () => lelu.notifications.deliver()
  await operator.notifications.retry(letter?.id ?? '')
  clock.advance(20 * hour)
  await lelu.notifications.deliver()
  expect(target.received).toHaveLength(2)
  expect((await lelu.notifications.list()).undelivered).toHaveLength(1)
})
