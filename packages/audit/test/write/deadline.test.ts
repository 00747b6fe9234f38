import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { before, dueIn, late, within } from '../../src/write/deadline.ts'

function computeFor(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Takes one step in each turn of an event loop that computes for so many milliseconds of it. */
async function busySteps(count: number, ms: number): Promise<string> {
  for (let step = 0; step < count; step += 1) {
    await nextTurn()
    computeFor(ms)
  }
  return 'answered'
}

describe('a deadline', () => {
  it('ends an operation that never comes back', async () => {
    await expect(within(30, new Promise(() => {}))).rejects.toThrow(
      'the disk did not answer within 30 ms',
    )
  })

  // A disk that answers in no time was said not to answer, and the log ended: a busy process takes one step a turn.
  it('leaves a busy process the turns that the steps of an operation take', async () => {
    expect(await within(600, busySteps(10, 150))).toBe('answered')
  })

  it('has ended by then, though the process stays busy', async () => {
    const steps = busySteps(40, 20)
    await expect(within(100, steps)).rejects.toThrow('within 100 ms')
    await steps
  })

  it('counts the turns from when it was asked for, not from when it is waited for', async () => {
    const due = dueIn(200)
    await within(10_000, busySteps(6, 60))
    const ended: string[] = []
    const never = new Promise(() => {})
    await Promise.allSettled([
      within(200, never).catch(() => ended.push('asked later')),
      before(due, never, late(200)).catch(() => ended.push('asked first')),
    ])
    expect(ended).toEqual(['asked first', 'asked later'])
  })
})
