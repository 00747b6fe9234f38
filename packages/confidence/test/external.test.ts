import { anything, assert, double, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { external, logistic, logit, maxScore, signalStatus, unknown } from '../src/index.ts'

describe('a signal', () => {
  it('is missing when there is none, and invalid when its data was refused', () => {
    expect(signalStatus(undefined)).toBe('missing')
    expect(signalStatus(null)).toBe('missing')
    expect(signalStatus(unknown())).toBe('missing')
    expect(signalStatus({ ...unknown(), value: 1, score: 40 })).toBe('missing')
    expect(signalStatus(external(2))).toBe('invalid')
    expect(signalStatus(external(0.5))).toBe('ok')
    for (const value of [
      Number.NaN,
      -0.1,
      1.1,
      '0.9' as unknown as number,
      undefined as unknown as number,
    ]) {
      expect(signalStatus({ ...external(0.5), value })).toBe('invalid')
    }
  })

  it('says why it is not there', () => {
    expect(unknown()).toEqual({ method: 'none', trust: 'none', value: null, score: null })
    expect(unknown('no logprobs for tool calls')).toMatchObject({
      evidence: { reason: 'no logprobs for tool calls' },
    })
  })
})

describe('a probability worked out elsewhere', () => {
  it('never throws, and never leaves [0, 1], for any input whatever', () => {
    const check = (value: unknown) => {
      const signal = external(value)
      if (signal.value === null) expect(signal.score).toBeNull()
      else {
        expect(signal.value >= 0 && signal.value <= 1).toBe(true)
        expect(Math.abs(signal.score ?? Number.NaN)).toBeLessThanOrEqual(maxScore)
      }
    }
    assert(property(anything(), check), { numRuns: 300 })
    assert(property(double(), check), { numRuns: 300 })
    expect(external(-0).value).toBe(0)
  })

  it('keeps what it is told of the source', () => {
    const told = { method: 'p_true', trust: 'engine', model: 'judge', evidence: { of: 3 } } as const
    expect(external(0.75, told)).toEqual({
      ...told,
      value: 0.75,
      score: expect.closeTo(Math.log(3), 12),
    })
    expect(external(0.5)).toMatchObject({ method: 'external', trust: 'adapter', score: 0 })
  })
})

describe('log-odds', () => {
  const probability = double({ min: 0, max: 1, noNaN: true })

  it('are finite, ordered as the probabilities are, and lead back to them', () => {
    expect([logit(0), logit(0.5), logit(1)]).toEqual([-maxScore, 0, maxScore])
    expect(logit(Number.NaN)).toBeNaN()
    assert(
      property(probability, probability, (a, b) => {
        expect(Math.sign(logit(a) - logit(b)) * Math.sign(a - b)).toBeGreaterThanOrEqual(0)
        expect(logistic(logit(a))).toBeCloseTo(a, 12)
      }),
    )
  })

  it('give a probability for any score', () => {
    assert(
      property(double({ noNaN: true }), (score) => logistic(score) >= 0 && logistic(score) <= 1),
    )
  })
})
