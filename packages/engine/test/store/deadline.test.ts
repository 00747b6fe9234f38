import { stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { defaultStoreDeadlineMs, withDeadline } from '../../src/store/deadline.ts'

const late = expect.objectContaining({ code: 'LELU_STORE_UNAVAILABLE' })

function computeFor(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('the deadline of a store', () => {
  it('ends an operation that never comes back', async () => {
    await expect(withDeadline(new Promise(() => {}), 30, 'reading')).rejects.toEqual(late)
  })

  it('is short enough by default that a no is heard within 2 s, with an eighth for the way back', async () => {
    vi.useFakeTimers()
    try {
      const operation = withDeadline(new Promise(() => {}), defaultStoreDeadlineMs, 'reading')
      const denied = expect(operation).rejects.toEqual(late)
      await vi.advanceTimersByTimeAsync((2000 * 8) / 9)
      expect(vi.getTimerCount()).toBe(0)
      await denied
    } finally {
      vi.useRealTimers()
    }
  })

  it('does not count the time in which the process itself stood still', async () => {
    const answered = stat(import.meta.filename) // one step, that a thread does meanwhile
    const operation = withDeadline(answered, 50, 'reading')
    computeFor(200)
    await expect(operation).resolves.toBeDefined()
  })

  it('does not begin anew after a standstill: a caller is not kept for two deadlines', async () => {
    const ended: string[] = []
    const operation = withDeadline(new Promise(() => {}), 400, 'reading')
    const denied = operation.catch(() => ended.push('denied'))
    computeFor(460)
    // By turns, which a busy machine gives late to both.
    for (let turn = 0; turn < 14; turn += 1) await pause(25)
    ended.push('another deadline')
    await denied
    expect(ended).toEqual(['denied', 'another deadline'])
  })

  it('ends an operation that is still out after a standstill', async () => {
    const operation = withDeadline(new Promise(() => {}), 50, 'reading')
    computeFor(200)
    await expect(operation).rejects.toEqual(late)
  })
})
