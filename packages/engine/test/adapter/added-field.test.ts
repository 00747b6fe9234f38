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

test('a schema that refers to its own root asks for the field at its top alone', () => {
  const kids = { type: 'array', items: { $ref: '#' } }
  const node = { type: 'object', properties: { kids, root: { type: 'string' } } }
  const schema = { $schema: 'draft', ...node, required: ['kids'], $defs: { root: {} } }
  const before = structuredClone(schema)
  const shown = addField(schema, field, 'trade')
  const own = { type: 'array', items: { $ref: '#/$defs/root_' } }
  const properties = { kids: own, root: { type: 'string' } }
  expect(shown).toEqual({
    $schema: 'draft',
    type: 'object',
    properties: { ...properties, confidence: field.schema },
    required: ['kids', 'confidence'],
    $defs: { root: {}, root_: { type: 'object', properties, required: ['kids'] } },
  })
  expect(schema).toEqual(before)
})

test('a schema without such a reference stays as it is, but for the field', () => {
  const schema = { type: 'object', properties: { to: { $ref: '#/$defs/to' } }, $defs: { to: {} } }
  const { properties, required: _, ...rest } = addField(schema, field, 'trade')
  expect(rest).toEqual({ type: 'object', $defs: { to: {} } })
  expect(properties).toEqual({ to: { $ref: '#/$defs/to' }, confidence: field.schema })
})
