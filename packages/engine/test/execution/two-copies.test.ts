import { expect, test, vi } from 'vitest'
import { bob, testEngine, trade } from '../support.ts'

test('a call that an adapter did not run is on record as not run, also when the adapter brought an engine of its own', async () => {
  const lelu = await testEngine()
  vi.resetModules()
  const adapter = await import('../../src/adapter/index.ts')
  const error = adapter.notRun(
    new adapter.LeluError('LELU_CALL_INVALID', 'The step has ended.', { help: 'Go on.' }),
  )
  const outcome = await lelu.guard(trade(0.5), () => 'bought')
  if (outcome.status !== 'suspended') throw new Error(outcome.status)
  const { id } = outcome.approval
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  await expect(lelu.resume(id, () => Promise.reject(error))).rejects.toBe(error)
  expect((await lelu.approvals.get(id)).result).toMatchObject({ status: 'not_run' })
})
