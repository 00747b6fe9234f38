import { Keyv } from 'keyv'
import { expect, it, vi } from 'vitest'
import { fromKeyv } from '../../src/index.ts'
import { approved, testEngine } from '../support.ts'

/** An approved call over a store whose next records of an end fail: before they are written, or behind it. */
async function callWhoseEndIsLost(times: number, written: boolean) {
  const keyv = new Keyv()
  const driver = fromKeyv(keyv)
  const { swap } = driver
  let left = times
  const lelu = await testEngine({ store: keyv, storeDeadlineMs: 200 })
  const id = await approved(lelu, { effect: 'non_idempotent' })
  driver.swap = async (rev, next, window) => {
    if (next.state !== 'completed' || left === 0) return swap(rev, next, window)
    left -= 1
    if (written) await swap(rev, next, window)
    throw new Error('connection lost')
  }
  const { get } = driver
  driver.get = async (wanted) => {
    // As long as the reply of the end is lost, nothing can be read back either.
    if (left > 0 && left < times) throw new Error('connection lost')
    return get(wanted)
  }
  return { lelu, id }
}

it.each([
  ['not written', 2, false],
  ['written, and only its reply was lost', 2, true],
  ['not written while the store was started anew', 5, false],
])('a call that ran is recorded as such, though its end was %s at first', async (...given) => {
  const [_how, times, written] = given
  const { lelu, id } = await callWhoseEndIsLost(times, written)
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const tool = vi.fn(() => 'done')
  expect(await lelu.resume(id, tool)).toMatchObject({ status: 'executed', value: 'done' })
  expect((await lelu.approvals.get(id)).state).toBe('completed')
  expect(await lelu.resume(id, tool)).toMatchObject({ replayed: true, value: 'done' })
  expect(tool).toHaveBeenCalledOnce()
  expect(warned).not.toHaveBeenCalled()
  warned.mockRestore()
})

it('waits little for a hint to the store, for which a network that is cut has no answer', async () => {
  const keyv = new Keyv()
  const lelu = await testEngine({ store: keyv, storeDeadlineMs: 300 })
  const id = await approved(lelu)
  fromKeyv(keyv).markAudited = () => new Promise(() => {})
  expect(await lelu.resume(id, () => 'done')).toMatchObject({ status: 'executed', value: 'done' })
})
