import { expect, it, vi } from 'vitest'
import { type Lelu, newKeyRing } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { ApprovalStore } from '../../src/store/store.ts'
import { approved, carol, testEngine } from '../support.ts'

/**
 * A call of a tool that may repeat, at work, and another engine that takes its attempt for lost: it read the clock of the
 * database before that was set back.
 */
async function atWork() {
  const hour = 3_600_000
  let ahead = hour
  const memory = memoryStore()
  const now = () => Date.now() + ahead
  const swap: ApprovalStore['swap'] = async (rev, next, { before, notBefore } = {}) => {
    if (before !== undefined && now() >= before) return 'late'
    if (notBefore !== undefined && now() < notBefore) return 'early'
    return memory.swap(rev, next)
  }
  const driver = { ...memory, swap, clock: async () => now() }
  const adapter = { [Symbol.for('lelu.approval-store')]: driver }
  const store = { store: adapter, get: async () => undefined } as never
  const shared = { keys: newKeyRing(0), store }
  const other = await testEngine(shared)
  ahead = 0
  const worker = await testEngine(shared)
  const id = await approved(worker, { effect: 'idempotent' })
  const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
  const working = worker.resume(id, () => {
    begun.resolve()
    return done.promise
  })
  await begun.promise
  return { other, id, working, end: () => done.resolve('done') }
}

const ways: [string, (lelu: Lelu, id: string, tool: () => string) => Promise<unknown>, string][] = [
  ['resumed', (lelu, id, tool) => lelu.resume(id, tool), 'LELU_APPROVAL_EXECUTING'],
  [
    'ended by a person',
    (lelu, id) =>
      lelu.approvals.reconcile(id, { as: 'failed', reviewer: carol, reason: 'It looks lost.' }),
    'LELU_APPROVAL_STATE',
  ],
]

it.each(ways)(
  'an attempt whose lease the database knows to run is not %s',
  async (_what, end, code) => {
    const { other, id, working, end: finish } = await atWork()
    const tool = vi.fn(() => 'again')
    await expect(end(other, id, tool)).rejects.toMatchObject({ code })
    expect(tool).not.toHaveBeenCalled()
    finish()
    expect(await working).toMatchObject({ status: 'executed', value: 'done' })
    expect((await other.approvals.get(id)).state).toBe('completed')
  },
)
