import { canonicalJson } from '@lelu/audit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callDigest } from '../src/digest.ts'
import { gateRequest } from '../src/request/gate.ts'
import { trade } from './support.ts'

type Call = { tenant: string; tool: string; server: string | null; input: unknown }

const call: fc.Arbitrary<Call> = fc.record({
  tenant: fc.string({ minLength: 1 }),
  tool: fc.string({ minLength: 1 }),
  server: fc.option(fc.string({ minLength: 1 })),
  input: fc.jsonValue({ maxDepth: 2 }),
})

const digest = ({ input, ...rest }: Call) =>
  callDigest({ ...rest, inputText: canonicalJson(input) })

/** The same data with the keys of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

describe('the digest of a call', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(call, (one) => {
        expect(digest({ ...one, input: reversed(one.input) })).toBe(digest(one))
      }),
    )
  })

  it('differs whenever tenant, tool, server or input do', () => {
    fc.assert(
      fc.property(call, call, (one, other) => {
        const same = canonicalJson(one) === canonicalJson(other)
        expect(digest(one) === digest(other)).toBe(same)
      }),
    )
  })

  it('cannot be moved between its parts, whatever they hold', () => {
    // A text that closes the member before it must not read as the next one.
    const sly = 'x","tool":"y'
    const [a, b] = [
      callDigest({ tenant: sly, tool: 'z', server: null, inputText: '1' }),
      callDigest({ tenant: 'x', tool: 'y', server: null, inputText: '1' }),
    ]
    expect(a).not.toBe(b)
  })

  it('is worked out from the canonical text that the gate makes', () => {
    const { inputText } = gateRequest(trade(0.9, { input: { b: 1, a: [1.0, 'é'] } }))
    expect(inputText).toBe('{"a":[1,"é"],"b":1}')
  })
})
