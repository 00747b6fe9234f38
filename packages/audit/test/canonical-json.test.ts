import canonicalize from 'canonicalize'
import { assert, constant, jsonValue, oneof, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../src/index.ts'
import { jsonText } from '../src/record/json-bytes.ts'

const double = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE()

describe('canonical JSON', () => {
  it('writes the example of RFC 8785 §3.2.2', () => {
    const value = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false] }`)
    const text =
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`
    expect(canonicalJson(value)).toBe(text)
    expect(jsonText(value)).toBe(text)
  })

  it('sorts names by UTF-16 code units, as RFC 8785 §3.2.3 does', () => {
    const value = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '😀': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const order = ['Carriage Return', 'One', 'Control', 'Latin Small', 'Euro', 'Emoji', 'Hebrew']
    for (const write of [canonicalJson, jsonText]) {
      const found = order.map((word) => write(value).indexOf(word))
      expect(found).toEqual([...found].sort((a, b) => a - b))
      expect(found[0]).toBeGreaterThan(0)
    }
  })

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s of RFC 8785 appendix B as %s', (hex, text) => {
    expect(canonicalJson(double(hex))).toBe(text)
    expect(jsonText(double(hex))).toBe(text)
  })

  const cycle: { [key: string]: unknown } = {}
  cycle.self = [cycle]
  let deep: unknown = []
  for (let depth = 0; depth < 20_000; depth += 1) deep = [deep]
  const sparse = [1, 2, 3]
  delete sparse[1]
  const getter = {
    get amount() {
      return 1
    },
  }
  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['Infinity', [Number.POSITIVE_INFINITY]],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a name', { '\udc00': 1 }],
    ['a bigint', { n: 1n }],
    ['undefined', undefined],
    ['a member that is undefined', { a: undefined }],
    ['an array hole', sparse],
    ['undefined in an array', [undefined]],
    ['a function', { f: () => 1 }],
    ['a symbol', Symbol('s')],
    ['a Date', { at: new Date(0) }],
    ['a Map', new Map()],
    ['a Set', [new Set()]],
    ['a typed array', new Uint8Array(2)],
    ['a boxed number', Object(1)],
    ['an object with toJSON', { toJSON: () => 1 }],
    ['a value that contains itself', cycle],
    ['hostile nesting', deep],
  ])('refuses %s, in both writers', (_, value) => {
    const refused = expect.objectContaining({ code: 'LELU_JSON_INVALID', help: expect.any(String) })
    expect(() => canonicalJson(value)).toThrow(refused)
    expect(() => jsonText(value)).toThrow(refused)
  })

  it.each<[string, unknown]>([
    ['a getter, which can answer twice', getter],
    ['a proxy', new Proxy({ a: 1 }, {})],
    ['a member that is named by a symbol', { [Symbol('s')]: 1 }],
    ['a member that is not enumerable', Object.defineProperty({}, 'hidden', { value: 1 })],
    ['a named member of an array', Object.assign([1], { more: 1 })],
    ['a subclass of Array', new (class More extends Array {})()],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: 'LELU_JSON_INVALID' }),
    )
  })

  it('takes __proto__ and toString for names like any other, and objects without a prototype', () => {
    const value = JSON.parse('{"toString":1,"__proto__":{"b":2,"a":1},"constructor":null}')
    const text = '{"__proto__":{"a":1,"b":2},"constructor":null,"toString":1}'
    expect(canonicalJson(value)).toBe(text)
    expect(jsonText(value)).toBe(text)
    expect(canonicalJson(Object.assign(Object.create(null), { b: 1, a: 2 }))).toBe('{"a":2,"b":1}')
  })

  it('says where the fault is in the details, and nothing of the data in the message', () => {
    const value = { orders: [{ secret: 'tok_123', amount: Number.NaN }] }
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({
        message: expect.not.stringMatching(/tok_123|amount|orders/),
        details: { path: ['orders', 0, 'amount'] },
      }),
    )
  })

  it('writes for any JSON what the reference writes, in both writers', () => {
    const odd = oneof(
      string({ unit: 'binary' }),
      constant('__proto__'),
      constant('\u2028"\\\u007f'),
    )
    assert(
      property(jsonValue({ stringUnit: 'binary' }), odd, (value, text) => {
        const both = { [text]: value, a: [text, value] }
        const expected = canonicalize(both)
        expect(canonicalJson(both)).toBe(expected)
        expect(jsonText(both)).toBe(expected)
        expect(JSON.parse(jsonText(both))).toEqual(JSON.parse(JSON.stringify(both)))
      }),
      { numRuns: 400 },
    )
  })
})
