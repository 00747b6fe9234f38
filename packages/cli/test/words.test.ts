import type { Revealed } from '@lelu/audit'
import type { StandingGrant } from '@lelu/engine'
import { describe, expect, it } from 'vitest'
import { revealedLines } from '../src/audit/revealed.ts'
import { happened } from '../src/audit/story-words.ts'
import { grantLines, grantTable } from '../src/grants/grant-lines.ts'

const paint = (_style: unknown, text: string) => text

describe('what a person did with an approval', () => {
  const words = (more: Record<string, unknown>) => {
    const { title, style } = happened({ kind: 'approval.decided', ...more }, false)
    return [title, style]
  }

  it('is told as it was', () => {
    expect(words({ vote: 'approve' })).toEqual(['approved', 'green'])
    expect(words({ vote: 'deny' })).toEqual(['denied', 'red'])
    expect(words({ vote: 'approve', edited: true })).toEqual(['edited, and approved', 'green'])
    expect(words({ vote: 'approve', edited: 'no' })).toEqual(['approved', 'green'])
  })

  it('is not told as a yes where it is no word that is known', () => {
    for (const vote of ['abstain', 'Deny', 'constructor', undefined, 7])
      expect(words({ vote })[0], String(vote)).not.toMatch(/approved/)
    expect(words({ vote: 'abstain' })).toEqual(['voted: abstain', undefined])
  })
})

it('a call that was not run is not told as one that ended', () => {
  const title = (status: string) => happened({ kind: 'outcome', result: { status } }, false).title
  expect(['not_run', 'failed', 'completed'].map(title)).toEqual([
    'was not run',
    'ended: failed',
    'ended: completed',
  ])
})

describe('a standing grant', () => {
  const now = Date.parse('2026-11-22T10:00:00Z')
  const grant: StandingGrant = {
    ...{ id: 'sg_1', tenant: 'default', state: 'active', revision: 1, tool: 'pay', server: null },
    ...{ subjects: [{ id: 'bot', type: 'agent' }], effect: 'non_idempotent', approval: 'apr_1' },
    ...{ match: { fields: null }, by: { id: 'ann', issuer: 'cli', method: 'local' }, reason: null },
    ...{ createdAt: now, grantedAt: now, expiresAt: now + 60_000, maxUses: 2, uses: 1 },
  } as StandingGrant
  const states: [word: string, change: Partial<StandingGrant>][] = [
    ['active', {}],
    ['used up', { uses: 2 }],
    ['expired', { expiresAt: now }],
    ['revoked', { state: 'revoked', uses: 2 }],
  ]

  it.each(states)('that allows nothing any more is not called active: %s', (word, change) => {
    const changed = { ...grant, ...change }
    expect(grantLines(changed, now)[0]).toContain(`sg_1 is ${word}:`)
    const page = { grants: [changed], altered: [], next: null }
    expect(grantTable(page, undefined, now, paint)[1]).toMatch(new RegExp(`  ${word}$`))
  })
})

it('what does not fit its commitment is counted and not shown, and what is gone is said to be', () => {
  const lines = (revealed: Partial<Revealed>) =>
    revealedLines(new Map([['d', { status: 'shown', openings: [], altered: 0, ...revealed }]]), {
      paint,
    }).join('\n')
  expect(lines({ altered: 2 })).toContain('2 do not fit the record, and are not shown')
  expect(lines({})).not.toContain('do not fit')
  expect(lines({ status: 'missing' })).toContain('not kept here')
  expect(lines({ status: 'erased' })).toContain('erased')
})
