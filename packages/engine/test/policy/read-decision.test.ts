import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDecision } from '../../src/policy/read-decision.ts'
import { policyReasons } from '../../src/policy/reasons.ts'

const read = (value: unknown) => readDecision(value, ['log'])
const reasonIds = (value: unknown) => read(value).reasons.map(({ id }) => id)

describe('of the three rules', () => {
  it.each([
    [{}, 'deny'],
    [{ allow: false }, 'deny'],
    [{ allow: true }, 'allow'],
    [{ allow: ['small'] }, 'allow'],
    [{ allow: [] }, 'deny'],
    [{ require_approval: true }, 'require_approval'],
    [{ require_approval: [] }, 'deny'],
    [{ allow: true, require_approval: true }, 'require_approval'],
    [{ allow: true, require_approval: [] }, 'allow'],
    [{ allow: true, deny: true }, 'deny'],
    [{ allow: true, require_approval: true, deny: ['x'] }, 'deny'],
    [{ allow: true, deny: false, require_approval: false }, 'allow'],
  ])('%j is %s: the most restrictive one decides', (value, effect) => {
    expect(read(value).effect).toBe(effect)
  })

  it('none true is a deny with a reason of its own', () => {
    expect(reasonIds({})).toEqual(['no_rule_allowed'])
    expect(reasonIds({ allow: false })).toEqual(['no_rule_allowed'])
  })

  it('the members of the deciding one are the reasons', () => {
    expect(
      read({
        allow: true,
        deny: ['too_large', { id: 'closed', reason: 'The market is closed.' }, { id: 'plain' }],
      }).reasons,
    ).toEqual([
      { id: 'too_large', message: 'too_large' },
      { id: 'closed', message: 'The market is closed.' },
      { id: 'plain', message: 'plain' },
    ])
  })
})

const invalidRules = [null, 0, 1, '', 'true', 'yes', {}, { id: 'x' }, { allow: true }]
const invalidMembers = [
  null,
  0,
  true,
  '',
  [],
  ['a'],
  {},
  { id: '' },
  { id: 7 },
  { reason: 'x' },
  { id: 'a', reason: 7 },
  { id: 'a', reason: '' },
  { id: 'a', resaon: 'x' },
  { id: 'a\nb' },
  'a\u0000',
  'a\u202eb',
  'x'.repeat(129),
]
const invalidRequirements = [
  { quorum: 0 },
  { quorum: 21 },
  { quorum: 1.5 },
  { quorum: '2' },
  { quorum: null },
  { Quorum: 2 },
  { qourum: 2 },
  { reviewers: [] },
  { reviewers: 'bob' },
  { reviewers: [''] },
  { reviewers: [1] },
  { reviewers: ['bob', 'bob'] },
  { reviewers: null },
  { reviewers: ['bob'], quorum: 2 },
  { groups: [] },
  { groups: 'finance' },
  { group: ['finance'] },
  { veto: 'no' },
  { expires_in: 0 },
  { expires_in: -1 },
  { expires_in: '0m' },
  { expires_in: '15' },
  { expires_in: '15 m' },
  { expires_in: '1w' },
  { expires_in: null },
  { expires_in: '99999d' },
  { expires_in: 1e12 },
  { remind_every: '59s' },
  { remind_every: 0 },
  { remind_every: 'soon' },
  { remind_every: null },
  { remindEvery: '15m' },
  { escalate: [] },
  { escalate: {} },
  { escalate: 'leads' },
  { escalate: null },
  { escalate: [null] },
  { escalate: [['leads']] },
  { escalate: [{ after: '30m' }] },
  { escalate: [{ groups: ['leads'] }] },
  { escalate: [{ after: '30m', groups: [] }] },
  { escalate: [{ after: '30m', reviewers: 'bob' }] },
  { escalate: [{ after: '30m', groups: ['leads'], quorum: 1 }] },
  { escalate: [{ after: 0, groups: ['leads'] }] },
  { escalate: ['2h', '1h'].map((after) => ({ after, groups: ['leads'] })) },
  { escalate: ['1h', '60m'].map((after) => ({ after, groups: ['leads'] })) },
  { escalate: [1, 2, 3, 4, 5, 6].map((after) => ({ after, groups: ['leads'] })) },
  { expires_in: '1h', escalate: [{ after: '1h', groups: ['leads'] }] },
]

describe('an answer is denied as invalid, though `allow` is true, when', () => {
  const invalid = (value: unknown) => {
    expect(read(value)).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_result_invalid' }],
      requirements: [],
      obligations: [],
    })
  }

  it.each(invalidRules)('a rule is %j', (value) => {
    for (const rule of ['deny', 'require_approval']) invalid({ allow: true, [rule]: value })
    invalid({ allow: value })
  })

  it.each(invalidMembers)('a member is %j', (member) => {
    for (const rule of ['deny', 'require_approval'])
      invalid({ allow: true, [rule]: ['ok', member] })
    invalid({ allow: [member] })
  })

  it.each(invalidRequirements)('a requirement is %j', (part) => {
    invalid({ allow: true, require_approval: [{ id: 'a', ...part }] })
  })

  it('a member of allow or deny has what only a requirement has', () => {
    invalid({ allow: [{ id: 'a', quorum: 1 }] })
    invalid({ allow: true, deny: [{ id: 'a', reviewers: ['bob'] }] })
  })

  it('it has a rule that is not known', () => {
    invalid({ allow: true, denies: [] })
  })

  it('a rule has more than 32 members', () => {
    const members = Array.from({ length: 33 }, (_, index) => `m${index}`)
    expect(read({ allow: members.slice(1) }).effect).toBe('allow')
    invalid({ allow: members })
  })

  it.each([true, false, 'log', {}, [1], [{}], [{ type: '' }], [{ type: 1 }], [null], [['log']]])(
    'obligations are %j',
    (obligations) => {
      invalid({ allow: true, obligations })
    },
  )

  it('and what it denied in words stays to be read', () => {
    expect(reasonIds({ deny: ['too_large'], require_approval: 7 })).toEqual([
      'policy_result_invalid',
      'too_large',
    ])
  })
})

describe('an answer that is no object', () => {
  it.each([undefined, null, true, 'allow', 1, ['allow']])('is a deny (%j)', (value) => {
    expect(read(value)).toMatchObject({ effect: 'deny', reasons: [{ id: 'policy_undefined' }] })
  })

  it('finds nothing in what objects inherit', () => {
    expect(readDecision(Object.create({ allow: true }), []).effect).toBe('deny')
  })
})

describe('an obligation', () => {
  it('that the host carries out goes with the decision', () => {
    expect(read({ allow: true, obligations: ['log', { type: 'log', level: 2 }] })).toMatchObject({
      effect: 'allow',
      obligations: [{ type: 'log' }, { type: 'log', level: 2 }],
    })
  })

  it('that it does not know is a deny', () => {
    expect(read({ allow: true, obligations: ['log', 'encrypt'] })).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'obligation_unknown' }],
      obligations: [],
    })
    expect(readDecision({ allow: true, obligations: ['toString'] }, []).effect).toBe('deny')
  })
})

describe('a message', () => {
  it('of the engine says nothing of the rules inside', () => {
    for (const message of Object.values(policyReasons))
      expect(message).not.toMatch(/rego|wasm|data\.|\.rego|`/i)
  })

  it('steers no terminal and is cut to a bound', () => {
    const [reason] = read({
      deny: [{ id: 'a', reason: `a\u001b[31m\nb\u202e${'x'.repeat(1000)}` }],
    }).reasons
    expect(reason?.message).toMatch(/^a \[31m b x+…$/)
    expect(reason?.message).toHaveLength(400)
  })
})

it('whatever a policy answers, only a clean answer with a true `allow` allows', () => {
  const rule = fc.oneof(
    fc.boolean(),
    fc.jsonValue({ maxDepth: 2 }),
    fc.array(fc.oneof(fc.string(), fc.record({ id: fc.string() })), { maxLength: 3 }),
  )
  const answer = fc.record(
    { allow: rule, deny: rule, require_approval: rule, obligations: rule },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(answer, (value) => {
      const { effect } = read(value)
      if (effect === 'deny') return
      const clean = (part: unknown) =>
        part === undefined || typeof part === 'boolean' || Array.isArray(part)
      expect([value.allow, value.deny, value.require_approval].every(clean)).toBe(true)
      expect(
        [undefined, false].includes(value.deny as never) || (value.deny as unknown[]).length === 0,
      ).toBe(true)
      const deciding = effect === 'allow' ? value.allow : value.require_approval
      expect(deciding === true || (deciding as unknown[]).length > 0).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
