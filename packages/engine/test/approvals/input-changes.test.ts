import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inputChanges } from '../../src/approvals/input-changes.ts'
import type { Json } from '../../src/index.ts'

it.each<[Json, Json, unknown]>([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, { a: 2 }, [{ path: '/a', from: 1, to: 2 }]],
  [
    { a: 1 },
    { b: 1 },
    [
      { path: '/a', from: 1 },
      { path: '/b', to: 1 },
    ],
  ],
  [
    { a: { b: [1, 2] } },
    { a: { b: [1, 3, 4] } },
    [
      { path: '/a/b/1', from: 2, to: 3 },
      { path: '/a/b/2', to: 4 },
    ],
  ],
  [{ a: null }, { a: {} }, [{ path: '/a', from: null, to: {} }]],
  [{ a: {} }, { a: [] }, [{ path: '/a', from: {}, to: [] }]],
  ['x', 'y', [{ path: '', from: 'x', to: 'y' }]],
  [
    {},
    { 'a/b~c': 1, constructor: 2 },
    [
      { path: '/a~1b~0c', to: 1 },
      { path: '/constructor', to: 2 },
    ],
  ],
])('from %j to %j', (before, after, changes) => {
  expect(inputChanges(before, after)).toEqual(changes)
})

it('there are none exactly when the inputs are equal', () => {
  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>
  const same = (value: Json) => JSON.parse(JSON.stringify(value)) as Json
  fc.assert(
    fc.property(json, json, (one, other) => {
      expect(inputChanges(same(one), same(one))).toEqual([])
      const equal = isDeepStrictEqual(same(one), same(other))
      expect(inputChanges(same(one), same(other)).length === 0).toBe(equal)
    }),
    { numRuns: 300 },
  )
})
