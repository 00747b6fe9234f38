import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { fromKeyv, newKeyRing } from '../../src/index.ts'
import { approved, bob, policyOf, suspended, testClock, testEngine } from '../support.ts'
import { notifying, receiver, secret, status, webhook } from './receiver.ts'

const minute = 60_000

describe('a notification', () => {
  it('is sent once, signed, when a call waits and when it is decided', async () => {
    const clock = testClock()
    const { url, received, told } = await receiver()
    const link = 'https://desk.example/approvals'
    const lelu = await testEngine({ now: clock.now, ...notifying(url, { link }) })
    const id = await approved(lelu)
    await lelu.notifications.deliver()
    const [requested, decided] = told(clock.now)
    clock.advance(3_600_000)
    expect(await lelu.notifications.deliver()).toMatchObject({ sent: 0, failed: 0 })
    expect(received).toHaveLength(2)
    expect(requested).toEqual({
      id: expect.stringMatching(/^ntf_[0-9a-f-]{36}$/),
      type: 'approval.requested',
      timestamp: '2026-11-22T10:00:00.000Z',
      data: {
        approval: id,
        tenant: 'default',
        tool: 'trade',
        state: expect.stringMatching(/^(pending|approved)$/),
        confidence: 0.85,
        reasons: [{ id: 'low', message: 'Too low.' }],
        approve_by: '2026-11-23T10:00:00.000Z',
        level: 0,
        link: `${link}/${id}`,
      },
    })
    expect(decided).toMatchObject({ type: 'approval.approved', data: { state: 'approved' } })
    expect(received[0]?.headers['content-type']).toBe('application/json')
  })

  it('goes out by itself, right after the transition', async () => {
    const { url, next, received } = await receiver()
    const lelu = await testEngine(notifying(url))
    const first = next()
    await suspended(lelu)
    await first
    expect(received).toHaveLength(1)
  })

  it('goes out by itself when another process has made the transition', async () => {
    const { url, next } = await receiver()
    const shared = { store: new Keyv(), keys: newKeyRing(0) }
    await testEngine({ ...shared, ...notifying(url, { everyMs: 10 }) })
    const silent = await testEngine({ ...shared, notices: true })
    const first = next()
    await suspended(silent)
    await first
  })

  it('says nothing of the input, the reviewers, the secret or the token', async () => {
    const { url, received } = await receiver()
    const lelu = await testEngine(notifying(url))
    const id = await suspended(lelu, { input: { symbol: 'SECRET-INPUT', amount: 1 } })
    const reason = 'SECRET-REASON'
    const reviewer = { ...bob, id: 'SECRET-REVIEWER' }
    await lelu.approvals.review(id, { verdict: 'approve', reviewer, reason })
    const { token } = await lelu.tokens.mint(id)
    await lelu.notifications.deliver()
    const all = JSON.stringify(received)
    expect(received.length).toBe(2)
    for (const word of ['SECRET', secret, secret.slice(6), token, 'alice', 'trader-1']) {
      expect(all).not.toContain(word)
    }
  })

  it('is not kept for anybody where nobody is to be told', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    expect(JSON.stringify(await lelu.approvals.get(id))).not.toContain('ntf_')
    await expect(lelu.notifications.deliver()).rejects.toMatchObject({
      code: 'LELU_OPTIONS_INVALID',
      help: expect.stringContaining('notify'),
    })
  })

  it('goes to those targets that want its kind', async () => {
    const [all, some] = [await receiver(), await receiver()]
    const clock = testClock()
    const kinds = ['approval.approved'] as const
    const targets = [webhook(all.url), webhook(some.url, { name: 'some', kinds })]
    const lelu = await testEngine({ now: clock.now, ...notifying(all.url, { targets }) })
    await approved(lelu)
    await lelu.notifications.deliver()
    expect(all.received).toHaveLength(2)
    expect(some.told(clock.now).map(({ type }) => type)).toEqual(['approval.approved'])
  })

  it('is sent to a Slack-compatible URL as text and a button, without a signature', async () => {
    const { url, received } = await receiver()
    const targets = [{ name: 'chat', type: 'slack' as const, url }]
    const link = 'https://desk.example'
    const lelu = await testEngine(notifying(url, { targets, link }))
    const id = await suspended(lelu, {}, { tenant: '<!channel>' })
    await lelu.notifications.deliver()
    const [{ body = '', headers } = { headers: {} }] = received
    const message = JSON.parse(body) as { text: string; blocks: unknown[] }
    expect(message.text).toMatch(/^trade \(&lt;!channel&gt;\) waits for a person, until /)
    expect(message.text).toContain(`<${link}/${id}|Review>`)
    expect(message.blocks).toHaveLength(2)
    expect(Object.keys(headers).filter((name) => name.startsWith('webhook-'))).toEqual([])
  })

  it('tells of a call that expired, though nobody asked for it', async () => {
    const clock = testClock()
    const { url, told } = await receiver()
    const lelu = await testEngine({ now: clock.now, approveWithinMs: 60_000, ...notifying(url) })
    await suspended(lelu)
    await lelu.notifications.deliver()
    clock.advance(60_000)
    await lelu.notifications.deliver()
    expect(told(clock.now).map(({ type, data }) => [type, data.state])).toEqual([
      ['approval.requested', 'pending'],
      ['approval.expired', 'expired'],
    ])
  })

  it('that is under way is written down before the engine is closed', async () => {
    const { url, answers, next } = await receiver()
    const store = new Keyv()
    const lelu = await testEngine({ store, ...notifying(url) })
    let answer = () => {}
    answers.push((response) => {
      answer = () => void response.writeHead(204).end()
    })
    const came = next()
    const id = await suspended(lelu)
    await came
    setTimeout(answer, 150) // an end that does not wait is over long before
    await lelu.close()
    expect((await fromKeyv(store).get(id))?.body).not.toContain('ntf_')
  })

  it('reminds and escalates, though nobody asked for the call, and stops when it is decided', async () => {
    const clock = testClock()
    const { url, told } = await receiver()
    const step = { afterMs: 30 * minute, groups: ['leads'] }
    const requirement = { id: 'r', quorum: 1, reviewers: ['bob'], expiresInMs: null }
    const requirements = [{ ...requirement, remindEveryMs: 20 * minute, escalation: [step] }]
    const policies = policyOf(() => ({ effect: 'require_approval', requirements }))
    const lelu = await testEngine({ now: clock.now, policies, ...notifying(url) })
    const id = await suspended(lelu)
    const heard: unknown[] = []
    for (let minutes = 0; minutes <= 60; minutes += 10) {
      await lelu.notifications.deliver()
      const { type, data } = told().at(-1) ?? {}
      heard.push([type, data?.level])
      clock.advance(10 * minute)
      if (minutes === 40) await lelu.approvals.review(id, { verdict: 'deny', reviewer: bob })
    }
    expect(heard).toEqual([
      ['approval.requested', 0],
      ['approval.requested', 0],
      ['approval.reminder', 0],
      ['approval.escalated', 1],
      ['approval.reminder', 1],
      ['approval.denied', 1],
      ['approval.denied', 1],
    ])
  })

  it('is not sent again when the target has taken it and then the connection breaks', async () => {
    const clock = testClock()
    const { url, answers, received } = await receiver()
    answers.push((response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('x')
      setImmediate(() => response.destroy())
    })
    const lelu = await testEngine({ now: clock.now, ...notifying(url) })
    await suspended(lelu)
    await lelu.notifications.deliver()
    clock.advance(60_000)
    await lelu.notifications.deliver()
    expect(received).toHaveLength(1)
  })

  it('is not kept busy by a target that answers without end', async () => {
    const { url, answers } = await receiver()
    answers.push((response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    const lelu = await testEngine(notifying(url))
    await suspended(lelu)
    const started = performance.now()
    expect((await lelu.notifications.deliver()).failed).toBe(0)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('is not redirected', async () => {
    const [first, second] = [await receiver(), await receiver()]
    for (const code of [301, 302, 303, 307, 308]) {
      first.answers.push(status(code, { location: second.url }))
    }
    const lelu = await testEngine(notifying(first.url))
    for (const id of ['1', '2', '3', '4', '5']) await suspended(lelu, { id })
    await lelu.notifications.deliver()
    expect(first.received).toHaveLength(5)
    expect(second.received).toHaveLength(0)
  })
})
