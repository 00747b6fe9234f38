import { expect, it, vi } from 'vitest'
import type { Approvals, Lelu } from '../../src/index.ts'
import { approved, bob, carol, testEngine, trade } from '../support.ts'

/** A call whose tool was aborted: nobody knows whether it took effect. */
async function unknown(lelu: Lelu, effect: 'non_idempotent' | 'idempotent' = 'non_idempotent') {
  const id = await approved(lelu, { effect }, { run: 'run-1' })
  const aborted = Object.assign(new Error('aborted'), { name: 'AbortError' })
  await lelu
    .resume(id, () => {
      throw aborted
    })
    .catch(() => {})
  expect((await lelu.approvals.get(id)).state).toBe('unknown')
  return id
}

const looked = { reviewer: bob, reason: 'Looked at the account.' } as const
const state = async ({ get }: Approvals, id: string) => (await get(id)).state

it('a call that took effect is completed by a person, and its value is what a resume answers', async () => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  const value = { order: 7 }
  const done = await lelu.approvals.reconcile(id, { ...looked, as: 'completed', value })
  expect(done).toMatchObject({ state: 'completed', reason: null })
  const tool = vi.fn()
  const resumed = await lelu.resume(id, tool)
  expect(resumed).toMatchObject({ status: 'executed', value, replayed: true })
  expect(tool).not.toHaveBeenCalled()
})

it('a call that took effect, of unknown value, never runs again', async () => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  await lelu.approvals.reconcile(id, { ...looked, as: 'completed' })
  const tool = vi.fn()
  await expect(lelu.resume(id, tool)).rejects.toMatchObject({
    code: 'LELU_APPROVAL_STATE',
    details: { state: 'completed' },
  })
  expect(tool).not.toHaveBeenCalled()
})

it('a call that did not take effect has failed, and never runs again', async () => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  await lelu.approvals.reconcile(id, { ...looked, as: 'failed' })
  const tool = vi.fn()
  await expect(lelu.guard(trade(0.85, {}, { run: 'run-1' }), tool)).rejects.toMatchObject({
    code: 'LELU_APPROVAL_FAILED',
  })
  expect(tool).not.toHaveBeenCalled()
})

it('a call that did not take effect may be run again, once, by the next resume', async () => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  await lelu.approvals.reconcile(id, { ...looked, as: 'retry' })
  const tool = vi.fn(() => 'done')
  expect(await lelu.resume(id, tool)).toMatchObject({ status: 'executed', value: 'done' })
  await lelu.resume(id, tool)
  expect(tool).toHaveBeenCalledOnce()
})

it('what was revoked since the approval does not run again by a retry', async () => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  await lelu.tokens.revoke({ agent: 'trader-1' })
  await lelu.approvals.reconcile(id, { ...looked, as: 'retry' })
  const tool = vi.fn()
  await expect(lelu.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_TOKEN_REFUSED' })
  expect(tool).not.toHaveBeenCalled()
})

it('only a call whose effect is unknown is reconciled, and only once', async () => {
  const lelu = await testEngine()
  const pending = await approved(lelu)
  await expect(
    lelu.approvals.reconcile(pending, { ...looked, as: 'completed' }),
  ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE', details: { state: 'approved' } })
  const id = await unknown(lelu)
  await lelu.approvals.reconcile(id, { ...looked, as: 'failed' })
  await expect(lelu.approvals.reconcile(id, { ...looked, as: 'retry' })).rejects.toMatchObject({
    code: 'LELU_APPROVAL_STATE',
  })
  expect(await state(lelu.approvals, id)).toBe('failed')
})

it('of two people who reconcile at once, one is heard', async () => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  const answers = await Promise.allSettled([
    lelu.approvals.reconcile(id, { ...looked, as: 'completed' }),
    lelu.approvals.reconcile(id, { ...looked, as: 'retry', reviewer: carol }),
  ])
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

it.each([
  ['the agent itself', { reviewer: { id: 'trader-1', issuer: 'x', method: 'x' } }],
  ['the user it acts for', { reviewer: { id: 'alice', issuer: 'x', method: 'x' } }],
])('%s cannot say what came of its own call', async (_who, more) => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  const given = { ...looked, as: 'retry' as const, ...more }
  await expect(lelu.approvals.reconcile(id, given)).rejects.toMatchObject({
    code: 'LELU_REVIEWER_NOT_ELIGIBLE',
  })
  expect(await state(lelu.approvals, id)).toBe('unknown')
})

it.each([
  ['no reason', { reason: ' ' }],
  ['a reason that is too long', { reason: 'x'.repeat(2001) }],
  ['another word', { as: 'approved' as never }],
  ['nobody', { reviewer: undefined as never }],
  ['a value for a call that did not take effect', { as: 'failed' as const, value: 1 }],
  ['a value that is no JSON', { value: 1n as never }],
  ['a value that is too long to keep', { value: 'x'.repeat(65_535) }],
  ['a value with half a character', { value: { '\ud800': 1 } }],
])('with %s nothing is reconciled', async (_what, more) => {
  const lelu = await testEngine()
  const id = await unknown(lelu)
  const given = { ...looked, as: 'completed' as const, ...more }
  await expect(lelu.approvals.reconcile(id, given)).rejects.toMatchObject({
    code: 'LELU_REVIEW_INVALID',
  })
  expect(await state(lelu.approvals, id)).toBe('unknown')
})
