import { Keyv } from 'keyv'
import { expect, it, vi } from 'vitest'
import { approved, bob, carol, temporaryFolder, testClock, testEngine } from '../support.ts'

/** The call of a tool that may repeat, whose process is gone for good, as a reviewer finds it. */
async function lost() {
  const clock = testClock()
  const shared = { now: clock.now, store: new Keyv(), directory: temporaryFolder() }
  const gone = await testEngine({ ...shared, leaseMs: 60_000, closeWithinMs: 0 })
  const id = await approved(gone, { effect: 'idempotent' })
  const begun = Promise.withResolvers<void>()
  vi.useFakeTimers({ toFake: ['setInterval'] })
  void gone.resume(id, () => {
    begun.resolve()
    return new Promise(() => {})
  })
  await begun.promise
  vi.useRealTimers()
  const lelu = await testEngine(shared)
  return { clock, lelu, id }
}

const looked = { reviewer: bob, reason: 'The agent is gone; I looked at the account.' } as const
const inState = (state: string) => ({ code: 'LELU_APPROVAL_STATE', details: { state } })

it.each(['completed', 'failed'] as const)(
  'a lost call that nobody resumes ends as %s',
  async (as) => {
    const { clock, lelu, id } = await lost()
    await expect(lelu.approvals.reconcile(id, { ...looked, as })).rejects.toMatchObject({
      ...inState('executing'),
      message: expect.stringMatching(/may be at work until \d{4}-.*Z/),
    })
    clock.advance(60_000)
    expect(await lelu.approvals.reconcile(id, { ...looked, as })).toMatchObject({ state: as })
    const tool = vi.fn()
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({ details: { state: as } })
    expect(tool).not.toHaveBeenCalled()
  },
)

it('it needs no retry: the next resume runs it, and then a person comes too late', async () => {
  const { clock, lelu, id } = await lost()
  clock.advance(60_000)
  const retry = { ...looked, as: 'retry' } as const
  await expect(lelu.approvals.reconcile(id, retry)).rejects.toMatchObject(inState('executing'))
  const resumed = await lelu.resume(id, () => 'again')
  expect(resumed).toMatchObject({ status: 'executed', value: 'again' })
  const late = { ...looked, as: 'failed', reviewer: carol } as const
  await expect(lelu.approvals.reconcile(id, late)).rejects.toMatchObject(inState('completed'))
})
