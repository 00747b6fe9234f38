import { join } from 'node:path'
import { readRecords } from '@lelu/audit/reading'
import { describe, expect, it } from 'vitest'
import type { Lelu } from '../../src/index.ts'
import {
  approved,
  bob,
  policyOf,
  suspended,
  temporaryFolder,
  testEngine,
  trade,
} from '../support.ts'

const half = '\ud83d'
const refused = { code: 'LELU_REVIEW_INVALID' }

async function kindsIn(directory: string, lelu: Lelu): Promise<string[]> {
  await lelu.audit.flush()
  const kinds: string[] = []
  for await (const { record } of readRecords({ directory: join(directory, 'audit') }))
    kinds.push((record as { kind: string }).kind)
  return kinds
}

// A record whose events the log does not take could never be loaded again, by anybody.
describe('a text that the log would refuse', () => {
  it.each<[string, (lelu: Lelu, id: string, text: string) => Promise<unknown>]>([
    [
      'a review',
      (lelu, id, reason) => lelu.approvals.review(id, { verdict: 'deny', reviewer: bob, reason }),
    ],
    ['a cancel', (lelu, id, reason) => lelu.approvals.cancel(id, { reason })],
    [
      'the name of who cancels',
      (lelu, id, name) => lelu.approvals.cancel(id, { by: { ...bob, id: name } }),
    ],
    ['a revocation', (lelu, id, reason) => lelu.tokens.revoke({ approval: id }, { reason })],
    ['a revocation at large', (lelu, _id, reason) => lelu.tokens.revoke({ all: true }, { reason })],
    ['a stop', (lelu, _id, reason) => lelu.killSwitch.stop({ all: true }, { reason })],
    [
      'a grant',
      (lelu, id, reason) =>
        lelu.grants.create(id, { reviewer: bob, expiresInMs: 1000, maxUses: 1, reason }),
    ],
    [
      'a reconciliation',
      (lelu, id, reason) => lelu.approvals.reconcile(id, { as: 'failed', reviewer: bob, reason }),
    ],
  ])('is refused in %s, and nothing has changed', async (_where, say) => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    for (const text of [`cut ${half}`, 'x'.repeat(70_000), 7 as never]) {
      await expect(say(lelu, id, text)).rejects.toMatchObject(refused)
      expect(await lelu.approvals.list()).toMatchObject({
        approvals: [{ id, state: 'pending', revision: 1 }],
        altered: [],
      })
    }
    expect(await lelu.killSwitch.isStopped({ all: true })).toBe(false)
  })

  it('is refused as the groups of a reviewer', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    const groups = Array.from({ length: 100 }, () => '\u5b57'.repeat(250))
    const reviewer = { ...bob, groups }
    await expect(lelu.approvals.review(id, { verdict: 'approve', reviewer })).rejects.toMatchObject(
      refused,
    )
  })

  it('does not get in with what a host passes beside the identity', async () => {
    const directory = temporaryFolder()
    const lelu = await testEngine({ directory })
    const id = await suspended(lelu)
    const reviewer = { ...bob, picture: half, claims: 'x'.repeat(70_000) }
    const approval = await lelu.approvals.review(id, { verdict: 'approve', reviewer })
    expect(approval.votes[0]?.reviewer).toEqual(bob)
    expect(await kindsIn(directory, lelu)).toContain('approval.decided')
  })

  it('of a policy ends the request before a record is made of it', async () => {
    const reviewers = Array.from({ length: 300 }, (_, n) => `${n}`.padEnd(250, 'x'))
    const requirements = [{ id: 'q', quorum: 1, reviewers, expiresInMs: null }]
    const policies = policyOf(() => ({ effect: 'require_approval', requirements }))
    const lelu = await testEngine({ policies })
    await expect(lelu.guard(trade(0.85), () => 'ran')).rejects.toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      message: expect.stringContaining('approval.requested'),
    })
    expect((await lelu.approvals.list()).approvals).toEqual([])
  })

  it('as the message of a tool is mended where it was cut', async () => {
    const directory = temporaryFolder()
    const lelu = await testEngine({ directory })
    const failing = () => {
      throw new RangeError(`${'x'.repeat(1999)}\u{1f600}`)
    }
    await expect(lelu.guard(trade(0.95), failing)).rejects.toThrow(RangeError)
    const id = await approved(lelu)
    await expect(lelu.resume(id, failing)).rejects.toThrow(RangeError)
    expect((await lelu.approvals.get(id)).state).toBe('failed')
    expect((await kindsIn(directory, lelu)).filter((kind) => kind === 'outcome')).toHaveLength(2)
  })
})
