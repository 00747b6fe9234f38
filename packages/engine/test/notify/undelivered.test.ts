import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { fromKeyv, type Lelu, newKeyRing } from '../../src/index.ts'
import { suspended, testClock, testEngine } from '../support.ts'
import { notifying, receiver, status, webhook } from './receiver.ts'

const hour = 3_600_000

/** An engine whose target has refused the first notification for good. */
async function refused(code = 410) {
  const clock = testClock()
  const target = await receiver()
  target.answers.push(status(code))
  const store = new Keyv()
  const lelu = await testEngine({ now: clock.now, store, ...notifying(target.url) })
  const approval = await suspended(lelu)
  await lelu.notifications.deliver()
  const [letter] = (await lelu.notifications.list()).undelivered
  if (letter === undefined) throw new Error('nothing was laid aside')
  return { clock, target, lelu, approval, letter, driver: fromKeyv(store) }
}

async function listed(lelu: Lelu): Promise<string[]> {
  return (await lelu.notifications.list()).undelivered.map(({ id }) => id)
}

describe('a notification that is not delivered', () => {
  it.each([400, 401, 403, 404, 410])('is laid aside at once after HTTP %i', async (code) => {
    const { clock, target, lelu, approval, letter } = await refused(code)
    expect(letter).toMatchObject({
      ...{ approval, tenant: 'default', target: 'ops', tries: 1, why: `HTTP ${code}` },
      notice: { kind: 'approval.requested', id: target.received[0]?.headers['webhook-id'] },
    })
    clock.advance(48 * hour)
    expect(await lelu.notifications.deliver()).toMatchObject({ failed: 0 })
  })

  it('is laid aside after its last try', async () => {
    const clock = testClock()
    const target = await receiver()
    target.answers.push(...[503, 503, 503].map((code) => status(code)))
    const engine = notifying(target.url, { maxTries: 3 })
    const lelu = await testEngine({ now: clock.now, approveWithinMs: 50 * hour, ...engine })
    await suspended(lelu)
    await lelu.notifications.deliver()
    const lists: number[] = []
    for (let day = 0; day < 3; day += 1) {
      lists.push((await listed(lelu)).length)
      clock.advance(6 * hour)
      await lelu.notifications.deliver()
    }
    expect(lists).toEqual([0, 0, 1])
    expect(target.received).toHaveLength(3)
    const [letter] = (await lelu.notifications.list()).undelivered
    expect(letter).toMatchObject({ tries: 3, why: 'HTTP 503' })
  })

  it('says in a word what went wrong, and never where it went', async () => {
    const target = await receiver()
    await target.stop()
    const lelu = await testEngine(notifying(target.url, { maxTries: 1 }))
    await suspended(lelu)
    await lelu.notifications.deliver()
    const page = await lelu.notifications.list()
    expect(page.undelivered[0]?.why).toBe('ECONNREFUSED')
    expect(JSON.stringify(page)).not.toContain('127.0.0.1')
  })

  it('says when a target did not answer in time', async () => {
    const target = await receiver()
    target.answers.push(() => {})
    const lelu = await testEngine(notifying(target.url, { maxTries: 1, timeoutMs: 50 }))
    await suspended(lelu)
    await lelu.notifications.deliver()
    expect((await lelu.notifications.list()).undelivered[0]?.why).toBe('no answer in time')
  })

  it('is laid aside for the one target, and goes on to the others', async () => {
    const clock = testClock()
    const [gone, slow] = [await receiver(), await receiver()]
    gone.answers.push(status(410))
    slow.answers.push(status(503))
    const targets = [webhook(gone.url, { name: 'gone' }), webhook(slow.url, { name: 'slow' })]
    const lelu = await testEngine({ now: clock.now, ...notifying(gone.url, { targets }) })
    await suspended(lelu)
    await lelu.notifications.deliver()
    clock.advance(60_000)
    await lelu.notifications.deliver()
    expect([gone.received.length, slow.received.length]).toEqual([1, 2])
    expect((await lelu.notifications.list()).undelivered.map((one) => one.target)).toEqual(['gone'])
  })

  it('is on the list once, when the one who lays it aside dies before it is struck off', async () => {
    const clock = testClock()
    const target = await receiver()
    target.answers.push(status(410), status(410))
    const store = new Keyv()
    const driver = fromKeyv(store)
    const { swap, create } = driver
    const lelu = await testEngine({ now: clock.now, store, ...notifying(target.url) })
    driver.create = async (row) => {
      const created = await create(row)
      if (row.state === 'undelivered') {
        driver.swap = async () => {
          throw new Error('this process is gone')
        }
      }
      return created
    }
    await suspended(lelu)
    await lelu.notifications.deliver()
    Object.assign(driver, { swap, create })
    expect(await listed(lelu)).toHaveLength(1)
    clock.advance(60_000)
    await lelu.notifications.deliver()
    expect(target.received).toHaveLength(2)
    expect(await listed(lelu)).toHaveLength(1)
    clock.advance(6 * hour)
    await lelu.notifications.deliver()
    expect(target.received).toHaveLength(2)
  })
})

describe('one that was laid aside', () => {
  it('is sent again to that target, with the same id, and leaves the list', async () => {
    const { target, lelu, letter } = await refused()
    expect(await lelu.notifications.retry(letter.id)).toMatchObject({ state: 'closed' })
    await lelu.notifications.deliver()
    const ids = target.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([letter.notice.id, letter.notice.id])
    expect(await listed(lelu)).toEqual([])
  })

  it('is sent again to no other target', async () => {
    const clock = testClock()
    const [bad, other] = [await receiver(), await receiver()]
    bad.answers.push(status(410))
    const targets = [webhook(bad.url, { name: 'bad' }), webhook(other.url, { name: 'other' })]
    const lelu = await testEngine({ now: clock.now, ...notifying(bad.url, { targets }) })
    await suspended(lelu)
    await lelu.notifications.deliver()
    const [id] = await listed(lelu)
    await lelu.notifications.retry(String(id))
    await lelu.notifications.deliver()
    expect([bad.received.length, other.received.length]).toEqual([2, 1])
  })

  it('is sent again beside what another target has still to get', async () => {
    const clock = testClock()
    const [slow, gone] = [await receiver(), await receiver()]
    slow.answers.push(status(503))
    gone.answers.push(status(410))
    const targets = [webhook(slow.url, { name: 'slow' }), webhook(gone.url, { name: 'gone' })]
    const lelu = await testEngine({ now: clock.now, ...notifying(slow.url, { targets }) })
    await suspended(lelu)
    await lelu.notifications.deliver()
    const [id] = await listed(lelu)
    await lelu.notifications.retry(String(id))
    await lelu.notifications.deliver()
    expect([slow.received.length, gone.received.length]).toEqual([1, 2])
    clock.advance(60_000)
    await lelu.notifications.deliver()
    expect([slow.received.length, gone.received.length]).toEqual([2, 2])
  })

  it('is back on the list, under its id, when it fails again', async () => {
    const { target, lelu, letter } = await refused()
    target.answers.push(status(404))
    await lelu.notifications.retry(letter.id)
    await lelu.notifications.deliver()
    const { undelivered } = await lelu.notifications.list()
    expect(undelivered).toMatchObject([{ id: letter.id, why: 'HTTP 404' }])
    await lelu.notifications.retry(letter.id)
    await lelu.notifications.deliver()
    expect(await listed(lelu)).toEqual([])
    expect(target.received).toHaveLength(3)
  })

  it('is discarded for good', async () => {
    const { clock, target, lelu, letter } = await refused()
    await lelu.notifications.discard(letter.id)
    clock.advance(6 * hour)
    await lelu.notifications.deliver()
    expect(target.received).toHaveLength(1)
    const gone = { code: 'LELU_NOTIFICATION_NOT_FOUND' }
    await expect(lelu.notifications.retry(letter.id)).rejects.toMatchObject(gone)
    await expect(lelu.notifications.discard(letter.id)).rejects.toMatchObject(gone)
  })

  it('can be sent again also when its approval has long ended', async () => {
    const { clock, target, lelu, approval, letter } = await refused()
    clock.advance(25 * hour)
    await lelu.notifications.deliver()
    expect((await lelu.approvals.get(approval)).state).toBe('expired')
    await lelu.notifications.retry(letter.id)
    await lelu.notifications.deliver()
    const types = target.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)
    expect(types).toEqual(['approval.requested', 'approval.expired', 'approval.requested'])
  })

  it('is not an approval or a grant, and hides none', async () => {
    const { lelu, approval, letter } = await refused()
    const { approvals, altered, next } = await lelu.approvals.list({ limit: 2 })
    expect([approvals.map(({ id }) => id), altered, next]).toEqual([[approval], [], null])
    const other = await suspended(lelu, { id: 'call-2' })
    const page = await lelu.approvals.list({ limit: 2 })
    expect(page.approvals.map(({ id }) => id)).toEqual([approval, other])
    const notFound = { code: 'LELU_APPROVAL_NOT_FOUND' }
    await expect(lelu.approvals.get(letter.id)).rejects.toMatchObject(notFound)
    await expect(lelu.grants.get(letter.id)).rejects.toMatchObject({ code: 'LELU_GRANT_NOT_FOUND' })
    await expect(lelu.notifications.retry(approval)).rejects.toMatchObject({
      code: 'LELU_NOTIFICATION_NOT_FOUND',
    })
    await lelu.notifications.discard(letter.id)
    await expect(lelu.approvals.get(letter.id)).rejects.toMatchObject(notFound)
    expect((await lelu.approvals.list({ limit: 3 })).next).toBeNull()
  })

  it('does not hide the others when it was altered, and is not sent', async () => {
    const { target, lelu, letter, driver } = await refused()
    target.answers.push(status(410))
    await suspended(lelu, { id: 'call-2' })
    await lelu.notifications.deliver()
    const row = await driver.get(letter.id)
    if (row === undefined) throw new Error('it is gone')
    await driver.swap(row.rev, { ...row, body: row.body.replace('"ops"', '"spy"') })
    const page = await lelu.notifications.list()
    expect(page.altered).toEqual([letter.id])
    expect(page.undelivered).toHaveLength(1)
    await expect(lelu.notifications.retry(letter.id)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_ALTERED',
    })
  })

  it('is found by tenant, a page at a time', async () => {
    const { target, lelu, letter } = await refused()
    target.answers.push(status(410))
    await suspended(lelu, { id: 'call-2' }, { tenant: 'other' })
    await lelu.notifications.deliver()
    const first = await lelu.notifications.list({ limit: 1 })
    expect(first).toMatchObject({ undelivered: [{ id: letter.id }], next: letter.id })
    const rest = await lelu.notifications.list({ after: letter.id })
    expect(rest.undelivered.map(({ tenant }) => tenant)).toEqual(['other'])
    const { undelivered } = await lelu.notifications.list({ tenant: 'default' })
    expect(undelivered.map(({ id }) => id)).toEqual([letter.id])
  })

  it('is nobody to a caller of another tenant', async () => {
    const { lelu, letter } = await refused()
    const unknown = { code: 'LELU_NOTIFICATION_NOT_FOUND' }
    for (const end of [lelu.notifications.retry, lelu.notifications.discard]) {
      await expect(end(letter.id, { tenant: 'other' })).rejects.toMatchObject(unknown)
      await expect(end(letter.id, { tenant: undefined as never })).rejects.toMatchObject({
        code: 'LELU_REQUEST_INVALID',
      })
    }
    expect(await lelu.notifications.discard(letter.id, { tenant: 'default' })).toMatchObject({
      state: 'closed',
    })
  })
})

it('a target that is not configured any more holds nothing back', async () => {
  const clock = testClock()
  const target = await receiver()
  const store = new Keyv()
  const keys = newKeyRing(0)
  const silent = await testEngine({ now: clock.now, store, keys, notices: true })
  const id = await suspended(silent)
  const elsewhere = notifying(target.url, {}, { kinds: ['approval.expired'] })
  const lelu = await testEngine({ now: clock.now, store, keys, ...elsewhere })
  await lelu.notifications.deliver()
  expect(target.received).toHaveLength(0)
  expect((await fromKeyv(store).get(id))?.body).not.toContain('ntf_')
})
