import type { Approval } from '@lelu/engine'
import { describe, expect, it } from 'vitest'
import { findApproval, isInvolved, maySee, owns } from '../../src/tools/ownership.ts'
import { alice, bob, carol, everything, stranger, unknownId } from './support.ts'

const approval = { tenant: 'default', request: { subject: alice.subject } } as unknown as Approval

describe('whose an approval is', () => {
  it('is told by the tenant and the whole chain', () => {
    expect(owns(alice, approval)).toBe(true)
    expect(owns({ ...alice, key: 'another session' }, approval)).toBe(true)
    for (const other of [bob, stranger, carol, everything])
      expect(owns(other, approval)).toBe(false)
  })

  it('is nobody’s of another tenant, whatever their scopes', () => {
    expect(maySee(carol, approval)).toBe(true)
    expect(maySee({ ...everything, tenant: 'other' }, approval)).toBe(false)
  })

  it('is asked of the store for the tenant of the principal alone', async () => {
    const asked: unknown[] = []
    const get = async (...parameters: unknown[]) => {
      asked.push(parameters)
      return approval
    }
    await findApproval({ approvals: { get } }, unknownId, alice, owns)
    expect(asked).toEqual([[unknownId, { tenant: 'default' }]])
  })

  it('concerns everybody in the chain', () => {
    expect(isInvolved({ ...carol, subject: { id: 'alice', type: 'user' } }, approval)).toBe(true)
    expect(isInvolved(bob, approval)).toBe(true) // the same agent, for somebody else
    expect(isInvolved(carol, approval)).toBe(false)
  })

  it.each(['Alice', ' alice', 'ALICE\u200b', '\uff41lice'])(
    'concerns %j as well: one person is one id, however it is written',
    (id) => {
      expect(isInvolved({ ...carol, subject: { id, type: 'user' } }, approval)).toBe(true)
    },
  )
})
