import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { fromKeyv, newKeyRing } from '../../src/index.ts'
import { bob, suspended, testClock, testEngine } from '../support.ts'
import { notifying, receiver, secret, status, webhook } from './receiver.ts'

const minute = 60_000

/** An engine with one target and a clock of ours, whose first call waits. */
async function oneNotice(...answers: Parameters<typeof status>[]) {
  const clock = testClock()
  const target = await receiver()
  target.answers.push(...answers.map((answer) => status(...answer)))
  const lelu = await testEngine({ now: clock.now, ...notifying(target.url) })
  const id = await suspended(lelu)
  const { deliver } = lelu.notifications
  await deliver()
  return { clock, target, lelu, id, deliver }
}

describe('a notification that a target did not take', () => {
  it.each([500, 503, 408, 425, 429, 302])(
    'is sent again after HTTP %i, with the same id',
    async (code) => {
      const { clock, target, deliver } = await oneNotice([code])
      clock.advance(14_999)
      await deliver()
      expect(target.received).toHaveLength(1)
      clock.advance(3001) // 15 s, and up to a fifth of it by chance
      expect(await deliver()).toMatchObject({ sent: 1, failed: 0 })
      const ids = target.received.map(({ headers }) => headers['webhook-id'])
      expect(ids).toHaveLength(2)
      expect(new Set(ids).size).toBe(1)
      clock.advance(24 * 60 * minute)
      await deliver()
      expect(
        target.received.filter(({ headers }) => headers['webhook-id'] === ids[0]),
      ).toHaveLength(2)
    },
  )

  it('is signed anew for each try, with the time of it, and says when it happened', async () => {
    const { clock, target, deliver } = await oneNotice([500])
    clock.advance(10 * minute)
    await deliver()
    const [first, second] = target.received.map(({ headers }) =>
      Number(headers['webhook-timestamp']),
    )
    expect(Number(second) - Number(first)).toBe(600)
    // Within the tolerance of a receiver only because it is a new signature.
    target.received.shift()
    expect(target.told(clock.now)[0]?.timestamp).toBe('2026-11-22T10:00:00.000Z')
  })

  it('is tried later and later', async () => {
    const { clock, target, deliver } = await oneNotice(
      ...Array.from({ length: 5 }, () => [500] as [number]),
    )
    const pauses: number[] = []
    let last = clock.now()
    for (let count = target.received.length; pauses.length < 4; ) {
      clock.advance(1000)
      await deliver()
      if (target.received.length === count) continue
      count = target.received.length
      pauses.push(clock.now() - last)
      last = clock.now()
    }
    const expected = [15, 45, 135, 405].map((seconds) => seconds * 1000)
    pauses.forEach((pause, index) => {
      expect(pause).toBeGreaterThanOrEqual(Number(expected[index]))
      expect(pause).toBeLessThanOrEqual(Number(expected[index]) * 1.2 + 1000)
    })
  })

  it('waits its time, also when the same call has something newer to tell', async () => {
    const { clock, target, lelu, id, deliver } = await oneNotice([500])
    await lelu.approvals.review(id, { verdict: 'deny', reviewer: bob, reason: 'No' })
    await deliver()
    const types = () =>
      target.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)
    expect(types()).toEqual(['approval.requested', 'approval.denied'])
    clock.advance(minute)
    await deliver()
    expect(types()).toEqual(['approval.requested', 'approval.denied', 'approval.requested'])
  })

  it('is sent again when nobody listened', async () => {
    const clock = testClock()
    const target = await receiver()
    await target.stop()
    const lelu = await testEngine({ now: clock.now, ...notifying(target.url) })
    await suspended(lelu)
    expect(await lelu.notifications.deliver()).toMatchObject({ sent: 0 })
    await target.start()
    clock.advance(minute)
    expect(await lelu.notifications.deliver()).toMatchObject({ sent: 1 })
  })

  it('is sent again when no answer came in time', async () => {
    const clock = testClock()
    const target = await receiver()
    target.answers.push(() => {})
    const lelu = await testEngine({ now: clock.now, ...notifying(target.url, { timeoutMs: 1000 }) })
    await suspended(lelu)
    await lelu.notifications.deliver()
    clock.advance(minute)
    expect(await lelu.notifications.deliver()).toMatchObject({ sent: 1 })
    expect(target.received).toHaveLength(2)
  })

  it('waits as long as Retry-After asks, and no longer than six hours', async () => {
    const { clock, target, deliver } = await oneNotice(
      [429, { 'retry-after': '600' }],
      [503, { 'retry-after': '999999' }],
    )
    clock.advance(10 * minute - 1)
    await deliver()
    expect(target.received).toHaveLength(1)
    clock.advance(1)
    await deliver()
    expect(target.received).toHaveLength(2)
    clock.advance(6 * 60 * minute - 1)
    await deliver()
    expect(target.received).toHaveLength(2)
    clock.advance(1)
    await deliver()
    expect(target.received).toHaveLength(3)
  })

  it('is never tried sooner because of Retry-After', async () => {
    const { clock, target, deliver } = await oneNotice([429, { 'retry-after': '1' }])
    clock.advance(2000)
    await deliver()
    expect(target.received).toHaveLength(1)
  })

  it('is sent again to that target alone', async () => {
    const clock = testClock()
    const [good, bad] = [await receiver(), await receiver()]
    bad.answers.push(status(500))
    const targets = [webhook(good.url), webhook(bad.url, { name: 'bad' })]
    const lelu = await testEngine({ now: clock.now, ...notifying(good.url, { targets }) })
    await suspended(lelu)
    await lelu.notifications.deliver()
    clock.advance(minute)
    await lelu.notifications.deliver()
    expect([good.received.length, bad.received.length]).toEqual([1, 2])
  })
})

describe('several processes that deliver', () => {
  /** So many engines of one store, each with the target. */
  async function processes(count: number) {
    const clock = testClock()
    const target = await receiver()
    const store = new Keyv()
    const shared = { now: clock.now, store, keys: newKeyRing(0), ...notifying(target.url) }
    const suspender = await testEngine({ ...shared, notify: undefined as never, notices: true })
    const engines = await Promise.all(Array.from({ length: count }, () => testEngine(shared)))
    const deliver = () => Promise.all(engines.map((one) => one.notifications.deliver()))
    return { clock, target, suspender, engines, deliver, store, shared }
  }

  it('send each notification once between them', async () => {
    const { target, suspender, deliver } = await processes(3)
    for (let n = 0; n < 40; n += 1) await suspended(suspender, { id: `call-${n}` })
    const counts = await deliver()
    expect(counts.reduce((sum, { sent }) => sum + sent, 0)).toBe(40)
    const ids = target.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toHaveLength(40)
    expect(new Set(ids).size).toBe(40)
  })

  it('send it again, with the same id, when one dies between sending and striking it off', async () => {
    const { clock, target, suspender, engines, store } = await processes(2)
    const [first, second] = engines
    await suspended(suspender)
    // Its process ends as soon as the target has answered: the store hears nothing of it any more.
    const driver = fromKeyv(store)
    const { swap } = driver
    target.answers.push((response) => {
      driver.swap = async () => {
        throw new Error('this process is gone')
      }
      response.writeHead(204).end()
    })
    await first?.notifications.deliver()
    driver.swap = swap
    expect(await second?.notifications.deliver()).toMatchObject({ sent: 0 })
    clock.advance(20_000)
    expect(await second?.notifications.deliver()).toMatchObject({ sent: 1 })
    const ids = target.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
  })

  it('do not begin with one while another waits for its target', async () => {
    const { clock, target, suspender, engines } = await processes(2)
    await suspended(suspender)
    const came = target.next()
    let answer = () => {}
    target.answers.push((response) => {
      answer = () => void response.writeHead(204).end()
    })
    const first = engines[0]?.notifications.deliver()
    await came
    clock.advance(10_000) // as long as a target may take
    await engines[1]?.notifications.deliver()
    expect(target.received).toHaveLength(1)
    answer()
    expect(await first).toMatchObject({ sent: 1 })
  })
})

describe('whatever else is in the store', () => {
  it('does not stop the others, when it was altered', async () => {
    const clock = testClock()
    const target = await receiver()
    const store = new Keyv()
    const driver = fromKeyv(store)
    const shared = { now: clock.now, store, keys: newKeyRing(0) }
    const suspender = await testEngine({ ...shared, notices: true })
    const altered: string[] = []
    for (let n = 0; n < 120; n += 1) altered.push(await suspended(suspender, { id: `bad-${n}` }))
    for (const id of altered) {
      const row = await driver.get(id)
      if (row !== undefined) await driver.swap(row.rev, { ...row, body: `${row.body} ` })
    }
    clock.advance(1)
    const good = await suspended(suspender, { id: 'good' })
    const lelu = await testEngine({ ...shared, ...notifying(target.url) })
    let found: string[] = []
    for (let round = 0; round < 3; round += 1) {
      found = (await lelu.notifications.deliver()).altered
    }
    expect(target.told(clock.now).map(({ data }) => data.approval)).toEqual([good])
    expect(found).toHaveLength(120)
  })
})

it('a secret is changed without a notification that cannot be verified', async () => {
  const clock = testClock()
  const target = await receiver()
  const fresh = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  const both = { name: 'ops', type: 'webhook' as const, url: target.url, secrets: [fresh, secret] }
  const lelu = await testEngine({
    now: clock.now,
    ...notifying(target.url, { targets: [both] }),
  })
  await suspended(lelu)
  await lelu.notifications.deliver()
  expect(target.received[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
  expect(target.told(clock.now)).toHaveLength(1)
})
