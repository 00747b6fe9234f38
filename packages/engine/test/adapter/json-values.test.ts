import { expect, test } from 'vitest'
import { asInput, isSameInput, jsonText } from '../../src/adapter/index.ts'

test('inputs are the same when JSON cannot tell them apart', () => {
  expect(isSameInput({ a: [-0, { b: -0 }] }, { a: [0, { b: 0 }] })).toBe(true)
  expect(isSameInput(Object.assign(Object.create(null), { a: 1 }), { a: 1 })).toBe(true)
  expect(isSameInput({ a: 1 }, { a: '1' })).toBe(false)
  expect(isSameInput({ a: 1 }, { a: 1, b: undefined })).toBe(false)
  expect(isSameInput(new Date(0), {})).toBe(false)
  expect(isSameInput({ a: Number.NaN }, { a: null })).toBe(false)
})

test('as input a property that is undefined is not there, and what is no JSON stays as it is', () => {
  const bare = Object.assign(Object.create(null), { a: [{ b: undefined, c: 1 }], d: undefined })
  expect(asInput(bare)).toStrictEqual({ a: [{ c: 1 }] })
  expect(asInput(undefined)).toBeNull()
  expect(asInput([undefined])).toStrictEqual([undefined])
  const date = new Date(0)
  expect(asInput({ date })).toStrictEqual({ date })
  const circle: { self?: unknown } = {}
  circle.self = circle
  expect(asInput(circle)).toBe(circle)
})

test('the text of what was parsed keeps a number that no double holds', () => {
  const text = '{"a":[1e999,-1e999,1,null,"x"]}'
  expect(jsonText(JSON.parse(text))).toBe(text)
})
