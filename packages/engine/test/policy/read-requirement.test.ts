import { describe, expect, it } from 'vitest'
import { readDecision } from '../../src/policy/read-decision.ts'

const read = (value: unknown) => readDecision(value, ['log'])

describe('an approval', () => {
  it('asks for one of any reviewers unless the rule says more', () => {
    const plain = { quorum: 1, reviewers: null, expiresInMs: null }
    expect(read({ require_approval: true }).requirements).toEqual([
      { id: 'require_approval', ...plain },
    ])
    expect(read({ require_approval: ['large'] }).requirements).toEqual([{ id: 'large', ...plain }])
  })

  it('takes reviewers, quorum and expiry from each member', () => {
    const value = [
      {
        id: 'four_eyes',
        reason: 'Two.',
        reviewers: ['bob', 'carol', 'dave'],
        quorum: 2,
        expires_in: '15m',
      },
      { id: 'b', expires_in: 90, groups: ['finance'], veto: false },
    ]
    expect(read({ require_approval: value })).toEqual({
      effect: 'require_approval',
      reasons: [
        { id: 'four_eyes', message: 'Two.' },
        { id: 'b', message: 'b' },
      ],
      obligations: [],
      requirements: [
        { id: 'four_eyes', quorum: 2, reviewers: ['bob', 'carol', 'dave'], expiresInMs: 900_000 },
        {
          ...{ id: 'b', quorum: 1, reviewers: null, expiresInMs: 90_000 },
          ...{ groups: ['finance'], veto: false },
        },
      ],
    })
  })

  it('reminds and escalates as the policy says', () => {
    const escalate = [
      { after: '30m', groups: ['leads'] },
      { after: 7200, reviewers: ['erin'], groups: ['board'] },
    ]
    const member = { id: 'a', quorum: 2, reviewers: ['bob'], remind_every: '15m', escalate }
    expect(read({ require_approval: [member] }).requirements).toEqual([
      {
        ...{ id: 'a', quorum: 2, reviewers: ['bob'], expiresInMs: null, remindEveryMs: 900_000 },
        escalation: [
          { afterMs: 1_800_000, groups: ['leads'] },
          { afterMs: 7_200_000, reviewers: ['erin'], groups: ['board'] },
        ],
      },
    ])
  })

  it('counts those of a later step among the people who could meet a quorum', () => {
    const asked = (quorum: number) => ({
      ...{ id: 'a', quorum, reviewers: ['bob'] },
      escalate: [{ after: '1h', reviewers: ['bob', 'carol'] }],
    })
    expect(read({ require_approval: [asked(2)] }).effect).toBe('require_approval')
    expect(read({ require_approval: [asked(3)] }).effect).toBe('deny')
  })

  it.each([
    ['90s', 90],
    ['15m', 900],
    ['24h', 86_400],
    ['7d', 604_800],
    [0.5, 0.5],
  ])('expires in %s', (text, seconds) => {
    expect(
      read({ require_approval: [{ id: 'a', expires_in: text }] }).requirements[0]?.expiresInMs,
    ).toBe(seconds * 1000)
  })

  it('asks for nothing when the effect is another', () => {
    expect(read({ require_approval: true, deny: true }).requirements).toEqual([])
  })

  it('is denied when it asks for more people than a line of the audit log can name', () => {
    const asked = (people: number) => ({
      require_approval: Array.from({ length: 20 }, (_, n) => ({
        id: `r${n}`,
        reviewers: Array.from({ length: people }, (__, m) => `${m}@${'x'.repeat(40)}`),
      })),
    })
    expect(read(asked(10)).effect).toBe('require_approval')
    expect(read(asked(100))).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_result_invalid' }],
    })
  })
})
