import { describe, expect, it } from 'vitest'
import type { Principal } from '../../src/surface/principal.ts'
import {
  alice,
  call,
  carol,
  contextOf,
  everything,
  fixture,
  policies,
  requested,
  result,
  suspended,
  unknownId,
} from './support.ts'

async function looked(made: Awaited<ReturnType<typeof fixture>>, id: string, as = carol) {
  const { view } = await result(made.surface, as, 'lelu_approval_status', { approval_id: id })
  return String(view.digest)
}

describe('lelu_approve and lelu_deny', () => {
  it('approve what was looked at', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const digest = await looked(made, id)
    const { view } = await result(made.surface, carol, 'lelu_approve', { approval_id: id, digest })
    expect(view).toEqual({ approval_id: id, status: 'approved' })
    expect((await made.lelu.approvals.get(id)).votes).toMatchObject([
      { reviewer: { id: 'carol' }, verdict: 'approve' },
    ])
  })

  it('refuse to approve without a digest, and with that of another input', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const other = await suspended(made, alice, 'call-2', { symbol: 'ACME', amount: 1 })
    const blind = result(made.surface, carol, 'lelu_approve', { approval_id: id })
    await expect(blind).rejects.toThrow(/^input:/)
    const digest = await looked(made, other)
    const { isError, text } = await result(made.surface, carol, 'lelu_approve', {
      approval_id: id,
      digest,
    })
    expect(isError).toBe(true)
    expect(text).toContain('LELU_APPROVAL_STATE')
    expect((await made.lelu.approvals.get(id)).state).toBe('pending')
  })

  it('deny with a reason that the caller reads', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const denied = { approval_id: id, reason: 'Not today.' }
    const { view } = await result(made.surface, carol, 'lelu_deny', denied)
    expect(view.status).toBe('denied')
    const told = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(told.text).toContain('Not today.')
    expect(told.text).not.toContain('carol')
    expect(made.executors.ran).toEqual([])
  })

  it('say of a no that does not end the call by its policy what is missing', async () => {
    const [base] = policies.modules
    const source = `${base?.source}`.replace(
      '"reviewers"',
      '"veto": false, "quorum": 2, "reviewers"',
    )
    const made = await fixture(
      {},
      { policies: { ...policies, modules: [{ path: 'a.rego', source }] } },
    )
    const id = await suspended(made)
    const denied = { approval_id: id, reason: 'Not today.' }
    const { text, view } = await result(made.surface, carol, 'lelu_deny', denied)
    expect(view.status).toBe('pending')
    expect(text).toContain('more people must deny.')
  })

  it.each<[string, Principal]>([
    ['without the scope', { ...carol, scopes: ['call', 'approvals:read', 'audit:read'] }],
    ['without a person', { ...carol, reviewer: null }],
  ])(
    'are not there for a principal %s, and do nothing when they are called all the same',
    async (_name, one) => {
      const made = await fixture()
      const id = await suspended(made)
      const digest = await looked(made, id)
      const names = (await made.surface.tools(one)).map(({ name }) => name)
      expect(names).not.toContain('lelu_approve')
      expect(names).not.toContain('lelu_deny')
      for (const name of ['lelu_approve', 'lelu_deny']) {
        const tool = (await made.surface.tools(carol)).find((tool) => tool.name === name)
        const answer = await tool?.call({ approval_id: id, digest, reason: 'x' }, contextOf(one))
        expect(answer).toMatchObject({ kind: 'result', result: { isError: true } })
      }
      expect((await made.lelu.approvals.get(id)).state).toBe('pending')
    },
  )

  it.each<[string, Principal]>([
    [
      'the caller itself',
      {
        ...alice,
        reviewer: { id: 'carol', issuer: 'test', method: 'test' },
        scopes: everything.scopes,
      },
    ],
    [
      'the person it acts for, known by that id',
      {
        ...everything,
        subject: { id: 'alice', type: 'user' },
        reviewer: { id: 'dave', issuer: 'test', method: 'test' },
      },
    ],
    [
      'an agent of the reviewer that made the call',
      {
        ...everything,
        subject: { id: 'trader', type: 'agent', actingFor: { id: 'carol', type: 'user' } },
      },
    ],
    [
      'the person it acts for, as a reviewer',
      {
        ...everything,
        reviewer: { id: 'alice', issuer: 'test', method: 'test' },
      },
    ],
  ])('refuse %s', async (_name, one) => {
    const made = await fixture()
    const id = await suspended(made)
    const digest = await looked(made, id)
    for (const [name, input] of [
      ['lelu_approve', { approval_id: id, digest }],
      ['lelu_deny', { approval_id: id, reason: 'x' }],
    ] as const) {
      const { isError, text } = await result(made.surface, one, name, input)
      expect(isError).toBe(true)
      expect(text).toContain('LELU_REVIEWER_NOT_ELIGIBLE')
    }
    expect((await made.lelu.approvals.get(id)).votes).toEqual([])
  })

  it('answer a reviewer of another tenant what they answer for an unknown id', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const digest = await looked(made, id)
    const other = { ...carol, tenant: 'other' }
    const foreign = await result(made.surface, other, 'lelu_approve', { approval_id: id, digest })
    const unknown = await result(made.surface, other, 'lelu_approve', {
      approval_id: unknownId,
      digest,
    })
    expect(foreign.text.replaceAll(id, '')).toBe(unknown.text.replaceAll(unknownId, ''))
    expect((await made.lelu.approvals.get(id)).state).toBe('pending')
  })
})

describe('lelu_revoke_approval', () => {
  it('cancels one’s own call that waits, and revokes one that is approved', async () => {
    const made = await fixture()
    const first = await suspended(made)
    const pending = await result(made.surface, alice, 'lelu_revoke_approval', {
      approval_id: first,
    })
    expect(pending.view.status).toBe('cancelled')
    const second = await suspended(made, alice, 'call-2')
    const digest = await looked(made, second)
    await result(made.surface, carol, 'lelu_approve', { approval_id: second, digest })
    const revoked = await result(made.surface, alice, 'lelu_revoke_approval', {
      approval_id: second,
    })
    expect(revoked.view.status).toBe('revoked')
    const { isError } = await result(made.surface, alice, 'lelu_resume', { approval_id: second })
    expect(isError).toBe(true)
    expect(made.executors.ran).toEqual([])
  })

  it('lets a reviewer end another’s, but not who may only look', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const reader: Principal = { ...carol, scopes: ['call', 'approvals:read'] }
    const refused = await result(made.surface, reader, 'lelu_revoke_approval', { approval_id: id })
    expect(refused.isError).toBe(true)
    expect((await made.lelu.approvals.get(id)).state).toBe('pending')
    const done = await result(made.surface, carol, 'lelu_revoke_approval', { approval_id: id })
    expect(done.view.status).toBe('cancelled')
  })

  it('finds nobody else’s', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const { bob } = await import('./support.ts')
    const { text } = await result(made.surface, bob, 'lelu_revoke_approval', { approval_id: id })
    expect(text).toContain('LELU_APPROVAL_NOT_FOUND')
    expect((await made.lelu.approvals.get(id)).state).toBe('pending')
  })

  it('says where a call stands that can no longer be ended', async () => {
    const made = await fixture()
    const id = await requested(made)
    const digest = await looked(made, id)
    await result(made.surface, carol, 'lelu_approve', { approval_id: id, digest })
    await call(made.surface, alice, 'lelu_resume', { approval_id: id })
    const { isError, text } = await result(made.surface, alice, 'lelu_revoke_approval', {
      approval_id: id,
    })
    expect(isError).toBe(true)
    expect(text).toContain('completed')
  })
})
