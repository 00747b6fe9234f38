import { describe, expect, it } from 'vitest'
import { frozenCopy, thawedCopy } from '../../src/request/frozen-copy.ts'
import { defaultLimits } from '../../src/request/gate.ts'

describe('a frozen copy', () => {
  it('is made once: what is a copy already is taken as it is', () => {
    const value = { a: [{ b: 1 }] }
    const copy = frozenCopy(value, 'x', defaultLimits)
    expect(copy).toEqual(value)
    expect(copy).not.toBe(value)
    expect(frozenCopy(copy, 'x', defaultLimits)).toBe(copy)
  })

  it('of something its owner froze is made all the same: only its own copies are known to be plain all the way down', () => {
    const inner = { b: 1 }
    const copy = frozenCopy(Object.freeze({ inner }), 'x', defaultLimits)
    inner.b = 2
    expect(copy).toEqual({ inner: { b: 1 } })
  })

  it('is checked again under stricter limits', () => {
    const copy = frozenCopy({ text: 'x'.repeat(100) }, 'x', defaultLimits)
    const strict = { ...defaultLimits, maxBytes: 50 }
    expect(() => frozenCopy(copy, 'x', strict)).toThrow(
      expect.objectContaining({ code: 'LELU_INPUT_TOO_LARGE' }),
    )
    const flat = { ...defaultLimits, maxDepth: 0 }
    expect(() => frozenCopy(copy, 'x', flat)).toThrow(/nested deeper than 0/)
  })
})

describe('a thawed copy', () => {
  it('is equal, and may be changed without changing the frozen one', () => {
    const frozen = frozenCopy({ list: [1, { a: null }], text: 't' }, 'x', defaultLimits)
    const copy = thawedCopy(frozen) as { list: [number, { a: unknown }] }
    expect(copy).toEqual(frozen)
    copy.list[1].a = 'changed'
    copy.list.push(3 as never)
    expect(frozen).toEqual({ list: [1, { a: null }], text: 't' })
  })
})
