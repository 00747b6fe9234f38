import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { approved, suspended, testEngine } from '../support.ts'

describe('the option now', () => {
  it.each([
    ['memory', () => new Keyv()],
    ['the SQLite file', () => undefined],
  ])('may answer parts of a millisecond, over %s', async (_name, storeOf) => {
    // As `performance.timeOrigin + performance.now()` does.
    const lelu = await testEngine({ now: () => Date.now() + 0.25, store: storeOf() as never })
    const id = await approved(lelu, {}, { run: 'run-1' })
    const outcome = await lelu.resume(id, () => 'ran')
    expect(outcome).toMatchObject({ status: 'executed', value: 'ran' })
    expect(Number.isInteger((await lelu.approvals.get(id)).approveBy)).toBe(true)
  })

  it.each([
    ['a Date', new Date(1_800_000_000_000)],
    ['no number', Number.NaN],
  ])('that answers %s suspends nothing whose deadline would never come', async (_name, time) => {
    let answer: unknown = 1_800_000_000_000
    const lelu = await testEngine({ now: () => answer as number })
    answer = time
    await expect(suspended(lelu)).rejects.toMatchObject({
      code: 'LELU_OPTIONS_INVALID',
      message: expect.stringContaining('`now`'),
    })
  })
})
