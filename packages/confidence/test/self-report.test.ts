import { anything, assert, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ConfidenceSignal,
  inputField,
  type Json,
  maxScore,
  selfReport,
  signalStatus,
} from '../src/index.ts'
import { evidence } from './support.ts'

type Options = NonNullable<Parameters<typeof selfReport>[0]>

function report(reported: unknown, options?: Options): ConfidenceSignal | undefined {
  return selfReport(options)(evidence({}, { reported, model: 'm' })) as ConfidenceSignal | undefined
}

const refused: [unknown, string][] = [
  [85, 'not between 0 and 1'],
  [1.01, 'not between 0 and 1'],
  [-0.01, 'not between 0 and 1'],
  [Number.NaN, 'not between 0 and 1'],
  ['0.85', 'not a number but string'],
  ['85%', 'not a number but string'],
  [true, 'not a number but boolean'],
  [null, 'not a number but null'],
  [[0.9], 'not a number but array'],
  [1n, 'not a number but bigint'],
]

describe('what a model says of itself', () => {
  it('is asked for in one more field of the tools', () => {
    expect(selfReport().added).toEqual({
      name: 'confidence',
      schema: { type: 'number', description: expect.stringContaining('from 0 to 1') },
    })
    expect(selfReport({ field: 'how_sure' }).added?.name).toBe('how_sure')
  })

  it('is claimed, and the number as the model wrote it', () => {
    expect(report(0.85)).toEqual({
      ...{ method: 'verbalized', trust: 'claimed', value: 0.85, model: 'm' },
      score: expect.closeTo(Math.log(0.85 / 0.15), 12),
    })
    expect([report(0)?.value, report(1)?.value]).toEqual([0, 1])
  })

  it('is missing when the model left the field out', () => {
    expect(report(undefined)).toBeUndefined()
  })

  it.each(refused)('is nothing, with the reason, for %s', (reported, reason) => {
    const signal = report(reported)
    expect(signal).toEqual({
      ...{ method: 'verbalized', trust: 'claimed', value: null, score: null, model: 'm' },
      evidence: { reason },
    })
    expect(signalStatus(signal)).toBe('invalid')
  })

  it('can be a percentage where that is asked for, with its sign', () => {
    const read = (value: unknown) => report(value, { percent: true })?.value
    expect([read('85%'), read(' 99.5 % '), read('0%'), read('100%')]).toEqual([0.85, 0.995, 0, 1])
    expect(['101%', '85', '0.85', '-5%', '1e1%', '%', 85].map(read)).toEqual(Array(7).fill(null))
    expect(read(0.3)).toBe(0.3)
  })

  it('never throws and never leaves [0, 1], for any value whatever', () => {
    const check = (value: unknown) => {
      for (const signal of [report(value), report(value, { percent: true })]) {
        if (signal === undefined || signal.value === null) expect(signal?.score ?? null).toBeNull()
        else {
          expect(signal.value >= 0 && signal.value <= 1).toBe(true)
          expect(Math.abs(signal.score ?? Number.NaN)).toBeLessThanOrEqual(maxScore)
        }
      }
    }
    assert(property(anything(), check), { numRuns: 300 })
  })

  it('has a name, or is refused when it is made', () => {
    for (const field of ['', 1, null]) {
      const wrong = { code: 'LELU_OPTIONS_INVALID', help: expect.any(String) }
      expect(() => selfReport({ field: field as string })).toThrow(expect.objectContaining(wrong))
      expect(() => inputField(field as string)).toThrow(expect.objectContaining(wrong))
    }
  })
})

describe('a field of the tool itself', () => {
  const read = (input: Json, name = 'sure') =>
    inputField(name)(evidence(input)) as ConfidenceSignal | undefined

  it('is claimed like any other word of the model, and adds nothing to the tools', () => {
    expect(read({ sure: 0.7 })).toMatchObject({
      method: 'verbalized',
      trust: 'claimed',
      value: 0.7,
    })
    expect(inputField('sure').added).toBeUndefined()
    const percent = inputField('sure', { percent: true })(evidence({ sure: '70%' }))
    expect(percent).toMatchObject({ value: 0.7 })
  })

  it('is missing where the input has none of its own', () => {
    for (const input of [{}, [], null, 'sure', 0.9]) expect(read(input)).toBeUndefined()
    expect(read({}, 'constructor')).toBeUndefined()
    expect(read({ confidence: 0.9 })).toBeUndefined()
  })

  it('is nothing when it holds no number from 0 to 1', () => {
    expect(read({ sure: 'very' })).toMatchObject({
      value: null,
      evidence: { reason: 'not a number but string' },
    })
  })
})
