import {
  anything,
  array,
  assert,
  double,
  jsonValue,
  property,
  record,
  string,
  uniqueArray,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valueSpans } from '../src/fields.ts'
import { fromLogprobs, logistic, maxScore, signalStatus } from '../src/index.ts'

/** Tokens that spell the text, cut at the bars; each with the log-probability of its probability. */
function spell(
  text: string,
  probabilities: Record<string, number> = {},
): { token: string; logprob: number }[] {
  return text
    .split('|')
    .map((token) => ({ token, logprob: Math.log(probabilities[token] ?? 0.9999) }))
}

describe('confidence from log-probabilities', () => {
  it('is the product of the tokens of the least certain field, and nothing is averaged away', () => {
    const tokens = spell('{"|symbol|":|"AC|ME|",|"amount|":| |100|}', {
      '100': 0.3,
      AC: 0.9,
      '"AC': 0.9,
    })
    const text = '{"symbol":"ACME","amount": 100}'
    const signal = fromLogprobs(tokens, { text, model: 'm' })
    expect(signal).toMatchObject({
      method: 'token_logprob',
      trust: 'adapter',
      samples: 1,
      model: 'm',
    })
    // With the bracket behind the number.
    expect(signal.value).toBeCloseTo(0.3 * 0.9999, 10)
    expect(logistic(signal.score ?? 0)).toBeCloseTo(0.3 * 0.9999, 10)
    expect(signal.evidence).toMatchObject({
      fields: 2,
      least_field: 'amount',
      tokens: tokens.length,
    })
    // The mean of the same tokens says 0.9 and would hide it.
    expect(Math.exp((signal.evidence as { mean_logprob: number }).mean_logprob)).toBeGreaterThan(
      0.85,
    )
  })

  it('takes plain numbers as one field', () => {
    expect(fromLogprobs([Math.log(0.5), Math.log(0.5)]).value).toBeCloseTo(0.25, 12)
  })

  it('leaves out the structure once tokens name their fields', () => {
    const tokens = [
      { logprob: Math.log(0.5) },
      { logprob: Math.log(0.9), field: 'name' },
      { logprob: Math.log(0.8), field: 'amount' },
      { logprob: Math.log(0.8), field: 'amount' },
    ]
    expect(fromLogprobs(tokens)).toMatchObject({ evidence: { fields: 2, least_field: 'amount' } })
    expect(fromLogprobs(tokens).value).toBeCloseTo(0.64, 12)
  })

  it('records the name of a field in a form that can go to a log', () => {
    const { evidence } = fromLogprobs([{ logprob: -1, field: `\ud800${'x'.repeat(100)}` }])
    expect(evidence).toMatchObject({ least_field: `\ufffd${'x'.repeat(63)}…` })
  })

  it.each([
    ['a number, of which a digit less was likelier', '{"amount":|500|}', '}'],
    ['a number in front of a blank', '{"amount":|500|\n|}', '\n'],
    ['a number in a list', '{"ids":[|1|, |2|]}', ', '],
    ['an empty object', '{"filter":|{}|,"limit":|10|}', '{}'],
    ['an empty list', '{"filter":|[|]|}', ']'],
    ['a list that could have gone on', '{"to":["|a|"|]|}', ']'],
    ['an object that could have gone on', '{"to":{"a":"|b|"|}|}', '}'],
  ])('is that of the end of a value, too: %s', (_, text, end) => {
    const doubtful = fromLogprobs(spell(text, { [end]: 0.01 }), { text: text.replaceAll('|', '') })
    expect(doubtful.value).toBeLessThan(0.0101)
  })

  it('counts every token of a call without values', () => {
    expect(fromLogprobs(spell('{|}', { '{': 0.5 }), { text: '{}' }).value).toBeCloseTo(0.5, 3)
  })

  it('keeps apart, in the score, what rounds to 1 in the value', () => {
    const [sure, surer] = [fromLogprobs([-1e-17]), fromLogprobs([-1e-18, 0])]
    expect([sure.value, surer.value]).toEqual([1, 1])
    expect(surer.score ?? 0).toBeLessThanOrEqual(maxScore)
    expect(sure.score ?? 0).toBeLessThan(surer.score ?? 0)
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'no array of tokens'],
    ['an empty array', [], 'no tokens'],
    ['all zeros', [0, 0, 0], 'every log-probability is exactly 0'],
    ['the sentinel', [-0.1, -9999], 'a log-probability is the sentinel for "none"'],
    ['minus infinity', [Number.NEGATIVE_INFINITY], 'a log-probability is the sentinel for "none"'],
    ['a positive number', [0.1, -0.1], 'a log-probability is above 0'],
    ['NaN', [Number.NaN], 'a log-probability is not a number'],
    ['a text', ['-0.1'], 'a log-probability is not a number'],
    ['a hole', Array(2), 'a log-probability is not a number'],
    ['a token without a number', [{ token: 'x' }], 'a log-probability is not a number'],
    ['null', [null], 'a log-probability is not a number'],
  ])('is unknown, and its status invalid, for %s', (_, given, reason) => {
    const signal = fromLogprobs(given)
    expect(signal).toEqual({
      method: 'token_logprob',
      trust: 'adapter',
      value: null,
      score: null,
      evidence: { reason },
    })
    expect(signalStatus(signal)).toBe('invalid')
  })

  it('is never that of a preamble: tokens that do not spell the tool call are refused', () => {
    const text = '{"amount":100}'
    const refused = {
      value: null,
      score: null,
      evidence: { reason: 'the tokens do not spell the tool call' },
    }
    expect(fromLogprobs(spell('I |will |buy |100.'), { text })).toMatchObject(refused)
    expect(fromLogprobs(spell('Sure. |{"amount":|100}'), { text })).toMatchObject(refused)
    expect(fromLogprobs([-0.1, -0.2], { text })).toMatchObject(refused)
    expect(fromLogprobs(spell('{"amount":|100}'), { text }).value).toBeCloseTo(0.9999, 6)
  })

  it('never throws and never leaves [0, 1], for any input whatever', () => {
    const hostile = [
      new Proxy([], {
        get: () => {
          throw new Error('no')
        },
      }),
      [
        {
          get logprob() {
            throw new Error('no')
          },
        },
      ],
      [
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('no')
            },
          },
        ),
      ],
    ]
    for (const given of hostile) expect(fromLogprobs(given).value).toBeNull()
    const entry = record(
      { token: string(), logprob: double(), field: string() },
      { requiredKeys: [] },
    )
    const check = (given: unknown, options: unknown) => {
      const { value, score, evidence } = fromLogprobs(given, options as { text?: string })
      if (value === null) return score === null
      expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence)
      return value >= 0 && value <= 1 && Number.isFinite(score) && Math.abs(score ?? 0) <= maxScore
    }
    assert(
      property(
        anything(),
        anything().map((text) => ({ text })),
        check,
      ),
      { numRuns: 300 },
    )
    assert(property(array(entry), record({}, {}), check), { numRuns: 300 })
    assert(property(array(double({ max: 0, noNaN: true })), record({}, {}), check), {
      numRuns: 300,
    })
  })

  it('falls when any token becomes less likely', () => {
    const logprob = double({ min: -20, max: -1e-9, noNaN: true })
    assert(
      property(
        array(logprob, { minLength: 1 }),
        double({ min: 0, max: 5, noNaN: true }),
        (tokens, less) => {
          const [first = 0, ...rest] = tokens
          const before = fromLogprobs(tokens)
          const after = fromLogprobs([first - less, ...rest])
          return (
            (after.value ?? 2) <= (before.value ?? -1) &&
            (after.score ?? 99) <= (before.score ?? -99)
          )
        },
      ),
    )
  })
})

describe('the values of a call', () => {
  it('are found in any JSON object, however it is written', () => {
    const names = uniqueArray(string({ unit: 'binary' }), { maxLength: 4 })
    assert(
      property(
        names,
        array(jsonValue({ stringUnit: 'binary' }), { minLength: 4, maxLength: 4 }),
        (keys, values) => {
          const value = Object.fromEntries(keys.map((key, index) => [key, values[index]]))
          for (const indent of [0, 2]) {
            const text = JSON.stringify(value, null, indent)
            const found = valueSpans(text)?.map(({ field, start, end }) => [
              field,
              partIn(text.slice(start, end)),
            ])
            expect(found).toEqual(partsOf(JSON.parse(text) as Record<string, unknown>))
          }
        },
      ),
    )
  })

  it('are not looked for in what is no object', () => {
    for (const text of ['', '[1]', '1', '"a"', 'null', '{', '{"a":1', 'buy 100']) {
      expect(valueSpans(text)).toBeUndefined()
    }
  })
})

/** A part of a value as it is written: a bracket, a number with the character behind it, or any other scalar. */
function partIn(text: string): unknown {
  if ('{}[]'.includes(text)) return { bracket: text }
  return JSON.parse(/^[-\d]/.test(text) ? text.slice(0, -1) : text)
}

function partsOf(value: Record<string, unknown>): unknown[] {
  const all = (one: unknown): unknown[] => {
    if (typeof one !== 'object' || one === null) return [one]
    const [opens, closes] = Array.isArray(one) ? '[]' : '{}'
    return [{ bracket: opens }, ...Object.values(one).flatMap(all), { bracket: closes }]
  }
  return Object.entries(value).flatMap(([field, one]) => all(one).map((part) => [field, part]))
}
