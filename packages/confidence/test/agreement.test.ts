import { array, assert, boolean, double, jsonValue, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AnsweredCall,
  agreement,
  type FieldRule,
  type Json,
  type Opinion,
} from '../src/index.ts'

const call: AnsweredCall = { tool: 'trade', input: { symbol: 'ACME', amount: 100, note: 'now' } }

function compare(inputs: Json[], fields: Record<string, FieldRule> = {}) {
  const opinions = inputs.map((input) => [{ tool: 'trade', input }])
  return agreement(call, opinions, { fields, model: 'm' })
}

describe('the agreement of second opinions', () => {
  it('is the share that makes the same call', () => {
    const other = { tool: 'trade', input: { symbol: 'ACME', amount: 900, note: 'now' } }
    expect(agreement(call, [[call], [other], [call], [call]], { model: 'm' })).toEqual({
      ...{ method: 'agreement', trust: 'adapter', value: 0.75, samples: 4, model: 'm' },
      score: expect.closeTo(Math.log(3), 12),
      evidence: {
        ...{ agree: 3, of: 4 },
        opinions: ['agrees', { differs: ['amount'] }, 'agrees', 'agrees'],
      },
    })
  })

  it('counts an opinion for as many calls as it makes: a doubled call is doubted', () => {
    const near = { ...call, input: { symbol: 'ACME', amount: 101, note: 'now' } }
    const opinions = [[call], [call, call], [call, { tool: 'quote', input: call.input }]]
    expect(agreement(call, opinions, { before: [] }).value).toBe(1)
    expect(agreement(call, opinions, { before: [{ ...call, tool: 'quote' }] }).value).toBe(1)
    expect(agreement(call, opinions, { before: [near] }).value).toBe(1)
    expect(agreement(call, opinions, { before: [call] })).toMatchObject({
      evidence: { agree: 1, of: 3, opinions: ['fewer_calls', 'agrees', 'fewer_calls'] },
    })
    const fields = { amount: { tolerance: 0.05 } }
    expect(agreement(call, opinions, { before: [near], fields })).toMatchObject({
      evidence: { agree: 1 },
    })
  })

  it('counts whatever is missing as a disagreement', () => {
    const opinions: Opinion[] = [
      [call],
      'timeout',
      'failed',
      [],
      [{ tool: 'quote', input: call.input }],
    ]
    expect(agreement(call, opinions)).toMatchObject({
      value: 0.2,
      evidence: { opinions: ['agrees', 'timeout', 'failed', 'no_call', 'other_tool'] },
    })
    const strange = ['agrees', null, 1, [null], [{}]] as unknown as Opinion[]
    expect(agreement(call, strange).value).toBe(0)
  })

  it('is unknown when nobody was asked', () => {
    expect(agreement(call, [])).toMatchObject({ value: null, score: null, samples: 0 })
  })

  it('is found in any of the calls of one answer', () => {
    const other = { tool: 'trade', input: { symbol: 'OTHER', amount: 1, note: '' } }
    expect(agreement(call, [[other, { tool: 'quote', input: {} }, call]]).value).toBe(1)
    const close = { tool: 'trade', input: { symbol: 'ACME', amount: 100, note: 'later' } }
    expect(agreement(call, [[other, close]])).toMatchObject({
      value: 0,
      evidence: { opinions: [{ differs: ['note'] }] },
    })
  })

  it.each<[string, Json, number]>([
    ['the order of the fields', { note: 'now', amount: 100, symbol: 'ACME' }, 1],
    ['a text in another case', { symbol: 'acme', amount: 100, note: 'now' }, 0],
    ['a number as a text', { symbol: 'ACME', amount: '100', note: 'now' }, 0],
    ['a number that is nearly the same', { symbol: 'ACME', amount: 100.0001, note: 'now' }, 0],
    ['a field more', { symbol: 'ACME', amount: 100, note: 'now', margin: true }, 0],
    ['a field less', { symbol: 'ACME', amount: 100 }, 0],
    ['no object at all', null, 0],
    ['a list', ['ACME', 100, 'now'], 0],
  ])('is exact in every field: %s', (_, input, value) => {
    expect(compare([input]).value).toBe(value)
  })

  it.each<[string, Json, Json, number]>([
    ['the order of the fields', { b: 1, c: [2] }, { c: [2], b: 1 }, 1],
    ['a field more', { b: 1 }, { b: 1, c: 2 }, 0],
    ['a field less', { b: 1, c: 2 }, { b: 1 }, 0],
    ['the order of a list', [1, 2], [2, 1], 0],
    ['a list for an object', [1], { 0: 1 }, 0],
    ['null for an object', {}, null, 0],
  ])('is exact inside a field: %s', (_, mine, other, value) => {
    expect(compareAny({ a: mine }, { a: other })).toBe(value)
  })

  it('leaves out fields that do not matter, there or not', () => {
    const fields = { note: 'ignore' } as const
    const same = { symbol: 'ACME', amount: 100 }
    expect(compare([same, { ...same, note: 'later' }], fields).value).toBe(1)
    expect(compare([{ ...same, amount: 1, note: 'now' }], fields).value).toBe(0)
  })

  it('allows a number to differ by a share of it, or by an amount', () => {
    const amounts = (rule: FieldRule, ...given: Json[]) =>
      given.map(
        (amount) => compare([{ symbol: 'ACME', amount, note: 'now' }], { amount: rule }).value,
      )
    expect(amounts({ tolerance: 0.01 }, 99, 101, 98.99, 101.01)).toEqual([1, 1, 0, 0])
    expect(amounts({ tolerance: 0.01, absolute: 5 }, 95, 105, 94.9)).toEqual([1, 1, 0])
    expect(amounts({ tolerance: 0 }, 100, 100.01)).toEqual([1, 0])
    expect(amounts({ tolerance: 1e9 }, '100', null, [100])).toEqual([0, 0, 0])
    // A share of the call's own number: a large one of the other side widens nothing.
    expect(amounts({ tolerance: 0.5 }, 150, 199)).toEqual([1, 0])
  })

  it('looks rules and fields up as own members only', () => {
    const odd = { tool: 'trade', input: JSON.parse('{"__proto__":1,"constructor":2}') as Json }
    const prototype = { tool: 'trade', input: JSON.parse('{"__proto__":{}}') as Json }
    expect(agreement(prototype, [[{ tool: 'trade', input: {} }]]).value).toBe(0)
    expect(compareAny({ a: prototype.input }, { a: { b: 1 } })).toBe(0)
    expect(agreement(odd, [[odd]]).value).toBe(1)
    expect(agreement(odd, [[{ tool: 'trade', input: {} }]]).value).toBe(0)
    expect(agreement({ tool: 'trade', input: {} }, [[odd]]).value).toBe(0)
  })

  it('of any call with itself is full, and never throws, however deep it is', () => {
    assert(property(jsonValue(), (input) => compareAny(input as Json, input as Json) === 1))
    let deep: Json = 1
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep]
    expect(compareAny(deep, deep)).toBe(0)
  })

  it('falls with each opinion that differs, and stays a probability', () => {
    const rounded = double({ min: 0, max: 1, noNaN: true })
    assert(
      property(array(boolean(), { minLength: 1, maxLength: 20 }), rounded, (votes, tolerance) => {
        const inputs = votes.map((yes) => ({
          symbol: yes ? 'ACME' : 'X',
          amount: 100,
          note: 'now',
        }))
        const { value, score } = compare(inputs, { amount: { tolerance } })
        expect(value).toBe(votes.filter(Boolean).length / votes.length)
        expect(Number.isFinite(score)).toBe(true)
      }),
    )
  })

  it('keeps what a model wrote out of the record, but for short names of fields', () => {
    const input = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`${index}\ud800${'x'.repeat(100)}`, 'secret']),
    )
    const { evidence } = agreement(call, [[{ tool: 'trade', input }]])
    const text = JSON.stringify(evidence)
    expect(text).not.toContain('secret')
    expect(text).not.toContain('ud800')
    expect(text.length).toBeLessThan(2000)
  })
})

function compareAny(mine: Json, other: Json): number | null {
  return agreement({ tool: 'a', input: mine }, [[{ tool: 'a', input: other }]]).value
}

// JSON reads 1e999 as Infinity: every number would be within a part of it.
it('an infinite number agrees with nothing', () => {
  const infinite = { tool: 'trade', input: JSON.parse('{"amount":1e999}') }
  const fields = { amount: { tolerance: 0.01, absolute: 1 } }
  const opinions = [[{ tool: 'trade', input: { amount: 5 } }], [infinite]]
  expect(agreement(infinite, opinions, { fields }).value).toBe(0)
})

it.each<[Json, Json]>([
  [5, 6],
  [true, false],
  [{}, 5],
  [{}, []],
  [['a'], { 0: 'a' }],
  [{ 0: 'a' }, 'a'],
])('an input that is %j is not the same as %j', (mine, other) => {
  const opinions = [[{ tool: 'trade', input: other }]]
  expect(agreement({ tool: 'trade', input: mine }, opinions).value).toBe(0)
  expect(agreement({ tool: 'trade', input: mine }, [[{ tool: 'trade', input: mine }]]).value).toBe(
    1,
  )
})
