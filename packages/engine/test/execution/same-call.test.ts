import { describe, expect, it, vi } from 'vitest'
import type { DecisionRequest, Lelu } from '../../src/index.ts'
import { bob, policyOf, testEngine, trade } from '../support.ts'

const account = (id: string) => ({ type: 'account', id })
const alice = { id: 'alice', type: 'user' as const }
const agent = { id: 'trader-1', type: 'agent' as const }

/** One call of one run, on an account, for alice. */
const asked = (
  rest: Partial<DecisionRequest> = {},
  more: Partial<DecisionRequest['call']> = {},
): DecisionRequest => trade(0.85, more, { run: 'run-1', resource: account('42'), ...rest })

async function approvedCall(): Promise<{ lelu: Lelu; id: string }> {
  const lelu = await testEngine()
  const outcome = await lelu.guard(asked(), () => 'ran')
  if (outcome.status !== 'suspended') throw new Error('not suspended')
  await lelu.approvals.review(outcome.approval.id, { verdict: 'approve', reviewer: bob })
  return { lelu, id: outcome.approval.id }
}

describe('the same run and call id', () => {
  it.each<[string, DecisionRequest]>([
    ['another person', asked({ subject: { ...agent, actingFor: { ...alice, id: 'mallory' } } })],
    ['nobody', asked({ subject: agent })],
    [
      'somebody behind the person',
      asked({ subject: { ...agent, actingFor: { ...alice, actingFor: { ...alice, id: 'eve' } } } }),
    ],
    [
      'another kind of person',
      asked({ subject: { ...agent, actingFor: { ...alice, type: 'service' } } }),
    ],
    ['another kind of agent', asked({ subject: { ...agent, type: 'service', actingFor: alice } })],
    ['another resource', asked({ resource: account('43') })],
    ['another kind of resource', asked({ resource: { type: 'user', id: '42' } })],
    ['another effect', asked({}, { effect: 'read' })],
  ])('does not run, and answers no result, for %s', async (_who, other) => {
    const { lelu, id } = await approvedCall()
    const tool = vi.fn()
    const conflict = { code: 'LELU_APPROVAL_CONFLICT' }
    await expect(lelu.guard(other, tool)).rejects.toMatchObject(conflict)
    expect((await lelu.approvals.get(id)).state).toBe('approved')
    expect(await lelu.guard(asked(), () => 'the secret of alice')).toMatchObject({
      status: 'executed',
    })
    await expect(lelu.guard(other, tool)).rejects.toMatchObject(conflict)
    expect(tool).not.toHaveBeenCalled()
  })

  it('goes on where the agent knows more or less by now', async () => {
    const { lelu } = await approvedCall()
    const later = { ...asked({ context: { retried: true } }), confidence: undefined as never }
    expect(await lelu.guard(later, () => 'ran')).toMatchObject({ status: 'executed' })
  })
})

describe('an approved call that is asked for again', () => {
  const policies = policyOf(({ context, confidence, agent }) =>
    context.frozen === true || agent.properties.suspended === true || confidence < 0.2
      ? { effect: 'deny' }
      : {
          effect: 'require_approval',
          requirements: [{ id: 'q', quorum: 1, reviewers: null, expiresInMs: null }],
        },
  )
  const unsure = { method: 'external', trust: 'adapter', value: 0.01, score: null } as const
  const today: [string, Partial<DecisionRequest>][] = [
    ['context', { context: { frozen: true } }],
    ['confidence', { confidence: unsure }],
    ["agent's properties", { subject: { ...agent, properties: { suspended: true } } }],
  ]

  it.each(today)('is decided on the %s of today', async (_, later) => {
    const lelu = await testEngine({ policies })
    const first = await lelu.guard(asked({ subject: agent }), () => 'ran')
    if (first.status !== 'suspended') throw new Error(first.status)
    await lelu.approvals.review(first.approval.id, { verdict: 'approve', reviewer: bob })
    const tool = vi.fn(() => 'ran')
    const now = await lelu.guard(asked({ subject: agent, ...later }), tool)
    expect(now.status).toBe('denied')
    expect(tool).not.toHaveBeenCalled()
  })

  it('is decided on what is on record of the context and confidence that are left out', async () => {
    const open = policyOf(({ context, confidence }) =>
      context.open === true && confidence > 0.2
        ? {
            effect: 'require_approval',
            requirements: [{ id: 'q', quorum: 1, reviewers: null, expiresInMs: null }],
          }
        : { effect: 'deny' },
    )
    const lelu = await testEngine({ policies: open })
    const first = await lelu.guard(asked({ context: { open: true } }), () => 'ran')
    if (first.status !== 'suspended') throw new Error(first.status)
    await lelu.approvals.review(first.approval.id, { verdict: 'approve', reviewer: bob })
    const { confidence: _, ...bare } = asked()
    expect((await lelu.guard(bare, () => 'ran')).status).toBe('executed')
  })
})
