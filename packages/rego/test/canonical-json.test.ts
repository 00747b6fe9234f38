import { describe, expect, it } from 'vitest'
import { canonicalJson, snapshotJson } from '../src/canonical-json.ts'

describe('canonical JSON', () => {
  it('sorts keys at every depth and keeps arrays', () => {
    expect(canonicalJson({ b: [2, { d: 1, c: null }], a: 'x' }, 'v')).toBe(
      '{"a":"x","b":[2,{"c":null,"d":1}]}',
    )
  })

  it.each([
    ['undefined', { a: undefined }],
    ['a function', { a: () => 1 }],
    ['a bigint', { a: 1n }],
    ['a symbol', { a: Symbol('x') }],
    ['NaN', { a: Number.NaN }],
    ['Infinity', { a: Number.POSITIVE_INFINITY }],
    ['a Date', { a: new Date() }],
    ['a Map', { a: new Map() }],
    ['an array with a hole', { a: new Array(1) }],
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate in a key', { '\udc00': 1 }],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value, 'v')).toThrow(TypeError)
  })

  it('refuses what is nested too deeply, and cycles with it', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    expect(() => canonicalJson(cycle, 'v')).toThrow('nested deeper')
  })

  it('keeps __proto__ as a key of the copy and changes no prototype', () => {
    const { value, text } = snapshotJson(JSON.parse('{"__proto__":{"x":1}}'), 'v')
    expect(text).toBe('{"__proto__":{"x":1}}')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.hasOwn(value as object, '__proto__')).toBe(true)
  })

  it('copies, so that later changes do not reach the copy', () => {
    const original = { list: [1] }
    const { value } = snapshotJson(original, 'v')
    original.list.push(2)
    expect(value).toEqual({ list: [1] })
  })
})
