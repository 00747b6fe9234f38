import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import type { Requirement } from '../../src/index.ts'
import {
  approved,
  bob,
  carol,
  policyOf,
  suspended,
  temporaryFolder,
  testEngine,
} from '../support.ts'

const asks = (requirement: Partial<Requirement>) =>
  policyOf(() => ({
    effect: 'require_approval',
    requirements: [{ id: 'q', quorum: 1, reviewers: null, expiresInMs: null, ...requirement }],
  }))

describe('a resume', () => {
  it.each([undefined, null, '', 'trader-2'])('by the agent %j is refused', async (agent) => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const tool = vi.fn()
    await expect(lelu.resume(id, tool, { agent: agent as never })).rejects.toMatchObject({
      details: { reason: 'token_subject' },
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('runs nothing that somebody denied, once the policy takes a deny for a veto', async () => {
    const shared = { directory: temporaryFolder(), store: new Keyv() }
    const lenient = await testEngine({ ...shared, policies: asks({ veto: false, quorum: 2 }) })
    const id = await suspended(lenient)
    const dave = { ...bob, id: 'dave' }
    await lenient.approvals.review(id, { verdict: 'deny', reviewer: dave })
    for (const reviewer of [bob, carol])
      await lenient.approvals.review(id, { verdict: 'approve', reviewer })
    expect((await lenient.approvals.get(id)).state).toBe('approved')
    const strict = await testEngine({ ...shared, policies: asks({ quorum: 2 }) })
    const tool = vi.fn()
    expect(await strict.resume(id, tool)).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'policy_changed' }] },
    })
    expect(tool).not.toHaveBeenCalled()
  })
})

describe('the result of a tool', () => {
  it.each<[string, unknown]>([
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['no number', { amount: Number.NaN }],
    ['an error', { failed: [new Error('x')] }],
    ['bytes', new Uint8Array([1, 2])],
  ])('that is %s is not kept as something else', async (_what, value) => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    expect(await lelu.resume(id, () => value)).toMatchObject({ status: 'executed', value })
    await expect(lelu.resume(id, () => value)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
      message: expect.stringContaining('not kept'),
    })
  })

  it('that has a JSON form of its own is kept in it', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const value = { at: new Date(0), note: undefined }
    await lelu.resume(id, () => value)
    expect(await lelu.resume(id, () => value)).toMatchObject({
      replayed: true,
      value: { at: '1970-01-01T00:00:00.000Z' },
    })
  })

  it('is not known of a tool whose own time was up', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const slow = async () => {
      throw new DOMException('too slow', 'TimeoutError')
    }
    await expect(lelu.resume(id, slow)).rejects.toThrow('too slow')
    expect((await lelu.approvals.get(id)).state).toBe('unknown')
  })
})
