import { describe, expect, it } from 'vitest'
import {
  alice,
  approve,
  bob,
  carol,
  fixture,
  order,
  requested,
  result,
  stranger,
  suspended,
  unknownId,
} from './support.ts'

describe('lelu_resume', () => {
  it('runs an approved call of the gateway with the stored input, and answers its result', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    const { view, text } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(text).toBe('traded')
    expect(view).toMatchObject({ status: 'executed', replayed: false, result: { ok: true } })
    expect(made.executors.ran).toEqual([order.input])
  })

  it('answers the kept result the second time, and runs nothing', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    const { view, text } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(view).toMatchObject({ status: 'executed', replayed: true, result: { ok: true } })
    expect(text).toBe('traded')
    expect(made.executors.ran).toHaveLength(1)
  })

  it('has one effect when it is called twice at once', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    const both = await Promise.all(
      [1, 2, 3].map(() => result(made.surface, alice, 'lelu_resume', { approval_id: id })),
    )
    expect(made.executors.ran).toHaveLength(1)
    const words = both.map(({ view }) => view.status)
    expect(words).toContain('executed')
    for (const word of words) expect(['executed', 'running']).toContain(word)
  })

  it('hands a permission out once when it is asked for twice at once', async () => {
    const made = await fixture()
    const id = await requested(made)
    await approve(made, id)
    const both = await Promise.all(
      [1, 2, 3].map(() => result(made.surface, alice, 'lelu_resume', { approval_id: id })),
    )
    expect(both.filter(({ view }) => view.status === 'permitted')).toHaveLength(1)
    expect(both.filter(({ view }) => view.input !== undefined)).toHaveLength(1)
    const after = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(after.view.status).toBe('spent')
  })

  it('never shows a token', async () => {
    const made = await fixture()
    const id = await requested(made)
    await approve(made, id)
    const { view, text } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(JSON.stringify(view) + text).not.toMatch(/eyJ|jti|token/i)
  })

  it('runs nothing before somebody has decided', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const { view, isError } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(view).toMatchObject({ status: 'pending' })
    expect(isError).toBe(false)
    expect(made.executors.ran).toEqual([])
  })

  it.each([
    ['the same agent for another person', bob],
    ['the same ids in another tenant', stranger],
    ['a reviewer who may call as well', { ...carol, scopes: ['call', ...carol.scopes] as const }],
  ])('answers %s what it answers for an unknown id', async (_name, other) => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    const foreign = await result(made.surface, other, 'lelu_resume', { approval_id: id })
    const unknown = await result(made.surface, other, 'lelu_resume', { approval_id: unknownId })
    expect(JSON.stringify(foreign).replaceAll(id, '')).toBe(
      JSON.stringify(unknown).replaceAll(unknownId, ''),
    )
    expect(foreign.isError).toBe(true)
    expect(made.executors.ran).toEqual([])
    expect((await made.lelu.approvals.get(id)).state).toBe('approved')
  })

  it('leaves a call alone that another program runs', async () => {
    const made = await fixture()
    const { subject } = alice
    const framework = { subject, run: 'thread-1', call: { id: 'c', tool: 'trade', input: {} } }
    const outcome = await made.lelu.guard(framework, () => 'ran')
    if (outcome.status !== 'suspended') throw new Error('expected suspended')
    const { id } = outcome.approval
    await approve(made, id)
    const { isError, text } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(isError).toBe(true)
    expect(text).toContain('LELU_TOOL_UNSUPPORTED')
    expect((await made.lelu.approvals.get(id)).state).toBe('approved')
  })

  it('runs what a reviewer made of the input, and says so', async () => {
    const made = await fixture()
    const { subject, tenant } = alice
    const schema = { type: 'object', properties: { amount: { type: 'number' } } }
    const call = { id: 'c', tool: 'trade', server: 'exchange', input: { amount: 100 }, schema }
    const outcome = await made.lelu.guard({ subject, tenant, run: 'gateway', call }, () => 'ran')
    if (outcome.status !== 'suspended' || carol.reviewer === null) throw new Error('not suspended')
    const { id } = outcome.approval
    await made.lelu.approvals.review(id, {
      verdict: 'approve',
      reviewer: carol.reviewer,
      input: { amount: 5 },
    })
    const { content } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(made.executors.ran).toEqual([{ amount: 5 }])
    expect(JSON.stringify(content)).toContain('A reviewer changed the input')
  })

  it('answers a code when the tool fails, and does not run it again', async () => {
    const made = await fixture({
      run: () => {
        throw new Error('connection lost \u001b[2J')
      },
    })
    const id = await suspended(made)
    await approve(made, id)
    const first = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(first.isError).toBe(true)
    expect(first.text).toContain('connection lost')
    expect(first.text).not.toContain('\u001b')
    const second = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(second.text).toContain('LELU_APPROVAL_FAILED')
    expect(made.executors.ran).toHaveLength(1)
  })

  it('runs nothing when the engine is closed', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    await made.lelu.close()
    const { isError, text } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(isError).toBe(true)
    expect(text).toMatch(/^LELU_/)
    expect(made.executors.ran).toEqual([])
  })

  it('runs nothing once the agent is stopped', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    await made.lelu.killSwitch.stop({ agent: 'trader' })
    const { isError } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(isError).toBe(true)
    expect(made.executors.ran).toEqual([])
  })
})
