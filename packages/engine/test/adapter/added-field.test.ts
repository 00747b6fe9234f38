import { expect, test } from 'vitest'
import { addField } from '../../src/adapter/index.ts'

const field = { name: 'confidence', schema: { type: 'number' } }
const own = { properties: { confidence: { type: 'string' } } }

test.each<[string, object]>([
  ['at its top', own],
  ['in one form of a union', { anyOf: [{ properties: { amount: {} } }, own] }],
  ['in one choice', { oneOf: [own] }],
  ['in a part of it', { allOf: [{ anyOf: [own] }] }],
  ['on a condition', { if: {}, else: own }],
  ['beside another field', { dependentSchemas: { amount: own } }],
  ['in a definition', { $ref: '#/$defs/a~1b', $defs: { 'a/b': { $ref: '#/$defs/c' }, c: own } }],
])('a schema that has a field of this name %s gets none added', (_where, schema) => {
  expect(() => addField(schema, field, 'trade')).toThrow(
    expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
  )
})

test.each<[string, object]>([
  ['a field within a field', { properties: { order: own } }],
  ['a definition that is not used', { $defs: { own } }],
  ['a definition that refers to itself', { $ref: '#' }],
  ['a definition that is not there', { $ref: '#/$defs/__proto__/x' }],
  ['an inherited name', { properties: {} }],
])('%s is no such field', (_what, schema) => {
  const name = _what === 'an inherited name' ? 'constructor' : 'confidence'
  const shown = addField(schema, { ...field, name }, 'trade')
  expect(shown).toMatchObject({ properties: { [name]: field.schema }, required: [name] })
})
