import { describe, expect, it } from 'vitest'
import { gateRequest } from '../../src/request/gate.ts'
import { smallRequest, thrown, withMember } from './support.ts'

class Money {
  amount = 1
}
const sparse: unknown[] = [1]
sparse[2] = 3
const arrayWithKey = Object.assign([1], { extra: 2 })
const hidden = Object.defineProperty({}, 'amount', { value: 1 })

const refused: [what: string, value: unknown, path: string][] = [
  ['undefined', { amount: undefined }, 'call.input.amount'],
  ['undefined in an array', [undefined], 'call.input[0]'],
  ['a function', { run: () => {} }, 'call.input.run'],
  ['a symbol', { a: [Symbol('x')] }, 'call.input.a[0]'],
  ['a bigint', { 'the amount': 1n }, 'call.input["the amount"]'],
  ['NaN', { a: { b: Number.NaN } }, 'call.input.a.b'],
  ['Infinity', [Infinity], 'call.input[0]'],
  ['an integer beyond 2^53 - 1', { amount: 2 ** 53 }, 'call.input.amount'],
  ['a negative one', { amount: -(2 ** 53) }, 'call.input.amount'],
  ['1e300, which is an integer', { amount: 1e300 }, 'call.input.amount'],
  ['a Date', { at: new Date(0) }, 'call.input.at'],
  ['a Map', new Map(), 'call.input'],
  ['bytes', { file: new Uint8Array(2) }, 'call.input.file'],
  ['an instance of a class', { price: new Money() }, 'call.input.price'],
  ['an object that inherits members', Object.create({ amount: 1 }), 'call.input'],
  ['an object whose prototype is bare', Object.create(Object.create(null)), 'call.input'],
  ['a boxed string', { a: Object('x') }, 'call.input.a'],
  ['a hole in an array', sparse, 'call.input[1]'],
  ['an array with a key', { list: arrayWithKey }, 'call.input.list'],
  ['a hidden member', hidden, 'call.input.amount'],
  ['a symbol as a key', { [Symbol('k')]: 1 }, 'call.input'],
  ['half of a surrogate pair', { text: 'a\ud800' }, 'call.input.text'],
  ['half of a pair in a key', { 'a\udc00': 1 }, 'call.input'],
]

describe('a tool input with', () => {
  it.each(refused)('%s is refused, and the error says where', (_what, value, path) => {
    expect(thrown(() => gateRequest(smallRequest(value)))).toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      details: { path },
    })
  })

  it('a getter is refused, and the getter does not run', () => {
    let ran = false
    const input = {
      get amount() {
        ran = true
        return 1
      },
    }
    expect(thrown(() => gateRequest(smallRequest(input)))).toMatchObject({
      message: expect.stringContaining('is a getter'),
      details: { path: 'call.input.amount' },
    })
    expect(ran).toBe(false)
  })

  it('a toJSON is refused, and it does not run', () => {
    const input = { amount: 1, toJSON: () => ({ amount: 2 }) }
    expect(thrown(() => gateRequest(smallRequest(input)))).toMatchObject({
      details: { path: 'call.input.toJSON' },
    })
  })

  it('the key __proto__ is refused: it neither pollutes nor vanishes', () => {
    const input = JSON.parse('{"a":{"__proto__":{"admin":true}}}')
    expect(thrown(() => gateRequest(smallRequest(input)))).toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      details: { path: 'call.input.a' },
    })
    expect({}).not.toHaveProperty('admin')
  })

  it('keys like constructor and toString keeps them as data', () => {
    const text = '{"constructor":{"prototype":{"admin":true}},"hasOwnProperty":1,"toString":2}'
    const { request, inputText } = gateRequest(smallRequest(JSON.parse(text)))
    expect(inputText).toBe(text)
    expect(Object.keys(request.call.input as object)).toEqual([
      'constructor',
      'hasOwnProperty',
      'toString',
    ])
    expect({}).not.toHaveProperty('admin')
  })

  it('the largest safe integer keeps it', () => {
    expect(gateRequest(smallRequest([2 ** 53 - 1])).inputText).toBe('[9007199254740991]')
  })

  it('a cycle is refused and called one', () => {
    const input: Record<string, unknown> = {}
    input.self = { again: input, other: input }
    expect(thrown(() => gateRequest(smallRequest(input)))).toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      message: expect.stringContaining('contains itself'),
    })
  })

  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
  it('64 levels is taken, with 65 refused, with 100 000 refused without a stack overflow', () => {
    expect(() => gateRequest(smallRequest(nested(64)))).not.toThrow()
    expect(thrown(() => gateRequest(smallRequest(nested(65))))).toMatchObject({
      message: expect.stringContaining('deeper than 64'),
    })
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level++) deep = { deep }
    expect(thrown(() => gateRequest(smallRequest(deep)))).toMatchObject({
      code: 'LELU_REQUEST_INVALID',
    })
  })

  it('secrets in it never shows them in the error', () => {
    const error = thrown(() =>
      gateRequest(smallRequest({ key: 'sk-secret', bad: () => 'sk-secret' })),
    ) as Error & { help: string }
    expect(`${error.message} ${error.help}`).not.toContain('sk-secret')
  })

  it('a key full of control characters shows none of them in the error', () => {
    const error = thrown(() =>
      gateRequest(smallRequest({ ['\u001b[2J'.repeat(50)]: undefined })),
    ) as Error
    expect(error.message).not.toContain('\u001b')
    expect(error.message.length).toBeLessThan(700)
  })
})

describe('the size of a tool input', () => {
  const limits = { maxInputBytes: 20 }

  it('is measured on the canonical text, to the byte', () => {
    expect(() => gateRequest(smallRequest({ a: 'x'.repeat(12) }), limits)).not.toThrow()
    expect(thrown(() => gateRequest(smallRequest({ a: 'x'.repeat(13) }), limits))).toMatchObject({
      code: 'LELU_INPUT_TOO_LARGE',
      details: { path: 'call.input', maxBytes: 20 },
    })
  })

  it('counts what escapes and UTF-8 add', () => {
    expect(() => gateRequest(smallRequest('é'.repeat(9)), limits)).not.toThrow()
    expect(thrown(() => gateRequest(smallRequest('é'.repeat(10)), limits))).toMatchObject({
      code: 'LELU_INPUT_TOO_LARGE',
    })
    expect(
      thrown(() => gateRequest(smallRequest('\u0001\u0001\u0001\u0001'), limits)),
    ).toMatchObject({ code: 'LELU_INPUT_TOO_LARGE' })
  })

  it('never refuses what fits: nested brackets are counted as what they are', () => {
    expect(() => gateRequest(smallRequest([[[[[[[[[[]]]]]]]]]]), limits)).not.toThrow()
    expect(() => gateRequest(smallRequest([1, 2, 3, 4, 5, 6, 7, 8, 9]), limits)).not.toThrow()
  })

  it('is 1 MiB by default', () => {
    expect(() => gateRequest(smallRequest('x'.repeat(1024 * 1024 - 2)))).not.toThrow()
    expect(thrown(() => gateRequest(smallRequest('x'.repeat(1024 * 1024 - 1))))).toMatchObject({
      code: 'LELU_INPUT_TOO_LARGE',
    })
  })

  it('stops shared references that would unfold without end', () => {
    let value: unknown = 'x'
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(thrown(() => gateRequest(smallRequest(value)))).toMatchObject({
      code: 'LELU_INPUT_TOO_LARGE',
    })
  })

  it('stops an array that only claims to be long', () => {
    expect(thrown(() => gateRequest(smallRequest(new Array(4_000_000_000))))).toMatchObject({
      code: 'LELU_INPUT_TOO_LARGE',
    })
  })

  it.each([
    'context',
    'call.schema',
    'confidence.evidence',
    'resource.properties',
    'subject.properties',
  ])('bounds %s too', (path) => {
    expect(
      thrown(() => gateRequest(withMember(path, { a: 'x'.repeat(200) }), { maxInputBytes: 100 })),
    ).toMatchObject({
      code: 'LELU_INPUT_TOO_LARGE',
      details: { path },
    })
  })
})
