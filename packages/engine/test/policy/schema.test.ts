import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Schema, Validator } from '@cfworker/json-schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDecision } from '../../src/policy/read-decision.ts'
import { regoInput } from '../../src/policy/to-input.ts'
import type { DecisionRequest } from '../../src/types.ts'
import { smallRequest, wholeRequest } from '../request/support.ts'
import { testEngine, trade } from '../support.ts'
import { inputOf } from './support.ts'

const read = (name: string) =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../../policies/schema', name), 'utf8'),
  ) as Schema
const validator = (schema: Schema, part?: string) =>
  new Validator(
    part === undefined
      ? schema
      : ({
          ...schema,
          type: undefined,
          required: undefined,
          properties: undefined,
          additionalProperties: undefined,
          $ref: `#/$defs/${part}`,
        } as unknown as Schema),
    '2020-12',
    false,
  )

const inputSchema = validator(read('input.schema.json'))
const rules = validator(read('decision.schema.json'), 'rules')
const answer = validator(read('decision.schema.json'), 'answer')
const decision = validator(read('decision.schema.json'))

const problems = (schema: Validator, value: unknown) => {
  const { valid, errors } = schema.validate(value as never)
  return valid ? [] : errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`)
}

const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' })
const record = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  fc.constantFrom(1, 'x', null, [true]),
  { noNullPrototype: true },
)
const signal = fc.record(
  {
    method: fc.constantFrom(
      'agreement',
      'self_consistency',
      'p_true',
      'token_logprob',
      'verbalized',
      'external',
      'none',
    ),
    trust: fc.constantFrom('engine', 'adapter', 'claimed', 'none'),
    value: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    score: fc.option(fc.double({ min: -50, max: 50, noNaN: true })),
    model: text,
    samples: fc.nat(50),
  },
  { requiredKeys: ['method', 'trust', 'value', 'score'] },
)
const subject = fc.record(
  { id: text, type: fc.constantFrom('agent', 'user', 'service'), properties: record },
  { requiredKeys: ['id', 'type'] },
)
const request = fc.record(
  {
    subject: fc
      .tuple(subject, fc.option(subject))
      .map(([own, other]) => (other === null ? own : { ...own, actingFor: other })),
    call: fc.record(
      {
        id: text,
        tool: text,
        input: record,
        effect: fc.constantFrom('read', 'idempotent', 'non_idempotent'),
        server: text,
      },
      { requiredKeys: ['id', 'tool', 'input'] },
    ),
    confidence: signal,
    resource: fc.record(
      { type: text, id: text, properties: record },
      { requiredKeys: ['type', 'id'] },
    ),
    tenant: text,
    run: text,
    context: record,
  },
  { requiredKeys: ['subject', 'call'] },
)

describe('the schema of the input', () => {
  it('describes what the engine asks, for any request', () => {
    fc.assert(
      fc.property(
        request,
        fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
        (one, time) => {
          expect(problems(inputSchema, regoInput(one as DecisionRequest, time.getTime()))).toEqual(
            [],
          )
        },
      ),
      { numRuns: 300 },
    )
    expect(problems(inputSchema, regoInput(wholeRequest(), 0))).toEqual([])
    expect(problems(inputSchema, regoInput(smallRequest(), 0))).toEqual([])
  })

  it.each(Object.keys(inputOf()))('has %s, which no input may lack', (name) => {
    const { [name as 'action']: _taken, ...rest } = inputOf()
    expect(problems(inputSchema, inputOf())).toEqual([])
    expect(problems(inputSchema, rest)).not.toEqual([])
  })

  it('knows nothing else', () => {
    expect(problems(inputSchema, { ...inputOf(), confidance: 1 })).not.toEqual([])
    expect(problems(inputSchema, inputOf({ confidence: '0.9' as never }))).not.toEqual([])
  })
})

const samples: unknown[] = [
  {},
  { allow: true },
  { allow: [], deny: ['a'], require_approval: false },
  { deny: [{ id: 'a', reason: 'b' }] },
  {
    require_approval: [
      'a',
      { id: 'b', reason: 'c', reviewers: ['bob', 'carol'], quorum: 2, expires_in: '15m' },
    ],
  },
  { require_approval: [{ id: 'b', expires_in: 90 }] },
  { allow: true, obligations: ['log', { type: 'log', level: 2 }] },
  { allow: 'yes' },
  { allow: null },
  { allow: {} },
  { allowed: true },
  { deny: [''] },
  { deny: [{ reason: 'x' }] },
  { deny: [{ id: 'a', reason: '' }] },
  { deny: [{ id: 'a', quorum: 1 }] },
  { deny: ['x'.repeat(129)] },
  { require_approval: [{ id: 'a', quorum: 0 }] },
  { require_approval: [{ id: 'a', quorum: 21 }] },
  { require_approval: [{ id: 'a', reviewers: [] }] },
  { require_approval: [{ id: 'a', reviewers: ['bob', 'bob'] }] },
  { require_approval: [{ id: 'a', expires_in: 0 }] },
  { require_approval: [{ id: 'a', expires_in: '1w' }] },
  { require_approval: Array(33).fill('a') },
  { require_approval: [{ id: 'a', standing: ['/to'], remind_every: '60s' }] },
  { require_approval: [{ id: 'a', standing: false, remind_every: 60 }] },
  { require_approval: [{ id: 'a', standing: ['to'] }] },
  { require_approval: [{ id: 'a', standing: ['/to', 'sum'] }] },
  { require_approval: [{ id: 'a', standing: [] }] },
  { require_approval: [{ id: 'a', remind_every: '59s' }] },
  { require_approval: [{ id: 'a', remind_every: 59 }] },
  {
    require_approval: [
      {
        id: 'a',
        escalate: [
          { after: '30m', groups: ['x'] },
          { after: 3600, reviewers: ['y'] },
        ],
      },
    ],
  },
  { require_approval: [{ id: 'a', escalate: [] }] },
  { require_approval: [{ id: 'a', escalate: [{ after: '30m' }] }] },
  { require_approval: [{ id: 'a', escalate: [{ groups: ['x'] }] }] },
  { require_approval: [{ id: 'a', escalate: [{ after: 1, groups: ['x'], quorum: 1 }] }] },
  { obligations: true },
  { obligations: [{ level: 1 }] },
]

describe('the schema of the decision', () => {
  it.each(samples)('and the engine agree on %j', (value) => {
    const taken = !readDecision(value, ['log']).reasons.some(
      ({ id }) => id === 'policy_result_invalid',
    )
    expect(problems(rules, value).length === 0).toBe(taken)
  })

  it('describes every answer the engine makes', () => {
    for (const value of samples) expect(problems(answer, readDecision(value, ['log']))).toEqual([])
    expect(problems(answer, { ...readDecision({}, []), effect: 'maybe' })).not.toEqual([])
  })

  it('describes what a running engine decides', async () => {
    const lelu = await testEngine()
    expect(problems(decision, await lelu.decide(trade(0.97)))).toEqual([])
    expect(problems(decision, await lelu.decide(trade(0.5)))).toEqual([])
    expect(problems(decision, await lelu.decide(smallRequest()))).toEqual([])
  })

  it('describes a decision, and nothing beside', () => {
    const { requirements: _inside, ...answered } = readDecision({ allow: ['small'] }, [])
    const whole = {
      id: '019ab3f2-0c1d-7e2f-8a3b-4c5d6e7f8091',
      ...answered,
      confidence: 0.9,
      policy: { revision: 'sha256:0' },
      audit: { stream: 's', seq: 3, leaf: `${'A'.repeat(43)}=` },
    }
    expect(problems(decision, whole)).toEqual([])
    expect(problems(decision, { ...whole, confidence: 2 })).not.toEqual([])
    expect(problems(decision, { ...whole, requirements: [] })).not.toEqual([])
  })
})
