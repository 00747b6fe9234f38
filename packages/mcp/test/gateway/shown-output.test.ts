import { describe, expect, test } from 'vitest'
import { shownOutput } from '../../src/gateway/shown-output.ts'
import { pendingSchema } from '../../src/pending/words.ts'

const own = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }

describe('the output schema that clients see', () => {
  test('is that of the tool, or that of a call that waits', () => {
    const draft = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...own }
    expect(shownOutput(draft)).toEqual({ type: 'object', anyOf: [own, pendingSchema] })
    const hidden = { ...own, description: 'A number\u202e.' }
    expect(JSON.stringify(shownOutput(hidden))).not.toContain('\u202e')
  })

  test.each([
    ['is none', undefined],
    ['is not one of an object', { type: 'array' }],
    ['refers to a part of itself', { ...own, properties: { a: { $ref: '#/properties/n' } } }],
    ['has parts that are referred to', { ...own, properties: { a: [{ $anchor: 'a' }] } }],
    ['has a name of its own', { ...own, $id: 'https://tool.example/schema' }],
  ])('is not shown where it %s', (_what, schema) => {
    expect(shownOutput(schema)).toBeUndefined()
  })
})
