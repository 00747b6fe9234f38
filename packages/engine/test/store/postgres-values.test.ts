import { expect, it } from 'vitest'
import { marksFrom, ownTypes } from '../../src/store/postgres-values.ts'

it.each(['{"stop:all":5}', [5], 5, undefined, { 'stop:all': '5' }, { 'stop:all': null }])(
  'takes %j for an error, and not for a store in which nobody is stopped',
  (found) => {
    expect(() => marksFrom(found)).toThrowError(
      expect.objectContaining({ code: 'LELU_STORE_CORRUPT' }),
    )
  },
)

it('reads the marks that are there, whatever their scopes are called', () => {
  expect({ ...marksFrom(null) }).toEqual({})
  const marks = marksFrom(JSON.parse('{"__proto__":5,"stop:all":6}'))
  expect(Object.entries(marks)).toEqual([
    ['__proto__', 5],
    ['stop:all', 6],
  ])
})

it('refuses an answer in a format that it cannot read', () => {
  expect(() => ownTypes.getTypeParser(25, 'binary')('x')).toThrowError(
    expect.objectContaining({ code: 'LELU_STORE_CORRUPT' }),
  )
})
