import { fileURLToPath } from 'node:url'
import { readPolicyFolder } from '@lelu/engine'
import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '../../src/server/default-policy.ts'
import {
  alice,
  approve,
  bob,
  call,
  fixture,
  order,
  plainPeer,
  requested,
  result,
  stranger,
} from './support.ts'

const shippedPolicy = await readPolicyFolder(
  fileURLToPath(new URL('../../../../policies/default', import.meta.url)),
)
const key = { idempotency_key: 'key-1' }

describe('lelu_request_approval', () => {
  it('permits at once what the policy allows, with the very input', async () => {
    const { surface } = await fixture()
    const asked = { tool: 'search', input: { q: 'ACME' }, ...key }
    const { view } = await result(surface, alice, 'lelu_request_approval', asked)
    expect(view).toMatchObject({ decision: 'allow', status: 'permitted', input: { q: 'ACME' } })
  })

  it('says that a call is denied', async () => {
    const { surface } = await fixture()
    const asked = { tool: 'delete_database', input: {}, ...key }
    const { view, text, isError } = await result(surface, alice, 'lelu_request_approval', asked)
    expect(view).toMatchObject({ decision: 'deny', status: 'denied', approval_id: null })
    expect(view.input).toBeUndefined()
    expect(text).toContain('Do not run the call')
    expect(isError).toBe(false)
  })

  it('waits for a person without being an error, and without a permission', async () => {
    const { surface } = await fixture()
    const { view, text, isError } = await result(surface, alice, 'lelu_request_approval', {
      ...order,
      ...key,
    })
    expect(isError).toBe(false)
    expect(view).toMatchObject({ decision: 'require_approval', status: 'pending', url: null })
    expect(view.input).toBeUndefined()
    expect(text).toContain('It has not run')
    expect(text).toContain('lelu approvals show')
  })

  it('finds the same approval by the same key and call', async () => {
    const made = await fixture()
    expect(await requested(made)).toBe(await requested(made))
    expect((await made.lelu.approvals.list()).approvals).toHaveLength(1)
  })

  it('refuses another input under the same key', async () => {
    const made = await fixture()
    await requested(made)
    const other = { ...order, input: { symbol: 'ACME', amount: 1_000_000 }, ...key }
    const { isError, text } = await result(made.surface, alice, 'lelu_request_approval', other)
    expect(isError).toBe(true)
    expect(text).toContain('LELU_APPROVAL_CONFLICT')
    expect(text).not.toContain('1000000')
  })

  it('keeps the keys of two callers apart, also of one agent for two people', async () => {
    const made = await fixture()
    const ids = [
      await requested(made, alice),
      await requested(made, bob),
      await requested(made, stranger),
    ]
    expect(new Set(ids).size).toBe(3)
  })

  it('hands an approved permission out once, whether it is asked for again or taken up', async () => {
    const made = await fixture()
    const id = await requested(made)
    await approve(made, id)
    const again = { ...order, ...key }
    const first = await result(made.surface, alice, 'lelu_request_approval', again)
    expect(first.view).toMatchObject({ status: 'permitted', approval_id: id, input: order.input })
    const second = await result(made.surface, alice, 'lelu_request_approval', again)
    expect(second.view).toMatchObject({ status: 'spent', approval_id: id })
    expect(second.view.input).toBeUndefined()
    const third = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(third.view.status).toBe('spent')
  })

  it('says why a person said no', async () => {
    const made = await fixture()
    const id = await requested(made)
    const reviewer = { id: 'carol', issuer: 'test', method: 'test' }
    await made.lelu.approvals.review(id, { verdict: 'deny', reviewer, reason: 'Too much.' })
    const { view, text } = await result(made.surface, alice, 'lelu_request_approval', {
      ...order,
      ...key,
    })
    expect(view).toMatchObject({ decision: 'deny', status: 'denied', approval_id: id })
    expect(text).toContain('Too much.')
    expect(text).not.toContain('carol')
  })

  it('does not ask for a tool of the gateway, whose effect the gateway knows better', async () => {
    const { surface, lelu, executors } = await fixture()
    const asked = { ...order, server: 'exchange', effect: 'read', ...key }
    const { isError, text } = await result(surface, alice, 'lelu_request_approval', asked)
    expect(isError).toBe(true)
    expect(text).toContain('LELU_TOOL_UNSUPPORTED')
    expect(executors.ran).toEqual([])
    expect((await lelu.approvals.list()).approvals).toEqual([])
  })

  it.each([
    ['the default policy', defaultPolicy],
    ['the policy that is shipped', shippedPolicy],
  ])('does not believe a model what a tool does to the world: %s', async (_name, policies) => {
    const made = await fixture({}, { policies })
    const asked = { ...order, effect: 'read', confidence: 1, ...key }
    const { view } = await result(made.surface, alice, 'lelu_request_approval', asked)
    expect(view).toMatchObject({ decision: 'require_approval', status: 'pending' })
    const { request } = await made.lelu.approvals.get(String(view.approval_id))
    expect(request.call.effect ?? 'non_idempotent').toBe('non_idempotent')
    expect(request.context).toEqual({ claimed_effect: 'read' })
  })

  it('shows the reviewer why the model asks, as the model’s own word', async () => {
    const made = await fixture()
    const id = await requested(made, alice, { reason: 'The user said so.' })
    const { request } = await made.lelu.approvals.get(id)
    expect(request.context).toEqual({ claimed_reason: 'The user said so.' })
  })

  it('answers a task where the client takes tasks', async () => {
    const { surface } = await fixture()
    const more = { peer: { ...plainPeer, tasks: true } }
    const answer = await call(surface, alice, 'lelu_request_approval', { ...order, ...key }, more)
    expect(answer).toMatchObject({ kind: 'task', task: { status: 'working', ttlMs: null } })
  })
})
