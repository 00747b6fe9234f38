import { describe, expect, it } from 'vitest'
import { alice, carol, fixture, order, result } from './support.ts'

describe('lelu_evaluate', () => {
  it('answers what the policy says, with a receipt, and runs nothing', async () => {
    const { surface, executors } = await fixture()
    const { view, text } = await result(surface, alice, 'lelu_evaluate', order)
    expect(view).toMatchObject({
      decision: 'require_approval',
      reasons: ['Trades wait for a person.'],
      confidence: 0,
      audit: { seq: expect.any(Number), leaf: expect.any(String), stream: expect.any(String) },
    })
    expect(text).toContain('require_approval')
    expect(executors.ran).toEqual([])
  })

  it('takes caller and tenant from the connection', async () => {
    const { surface, lelu } = await fixture()
    const { view } = await result(surface, alice, 'lelu_evaluate', order)
    const { findStory } = await import('@lelu/audit/reading')
    const story = await findStory({
      directory: lelu.audit.directory,
      id: String(view.decision_id),
    })
    expect('records' in story && story.records[0]?.record).toMatchObject({
      agent: { id: 'trader', type: 'agent' },
      acting_for: { id: 'alice', type: 'user' },
      tenant: 'default',
      signal: { status: 'missing' },
    })
  })

  it('counts the confidence of a model as claimed, so that it opens nothing that a measured one would', async () => {
    const { surface } = await fixture()
    const sure = await result(surface, alice, 'lelu_evaluate', { ...order, confidence: 1 })
    expect(sure.view).toMatchObject({ decision: 'require_approval', confidence: 1 })
  })

  it('does not take the context of a model for that of the host', async () => {
    const { surface } = await fixture()
    const said = { ...order, context: { trusted: true } }
    const { view } = await result(surface, alice, 'lelu_evaluate', said)
    expect(view.decision).toBe('require_approval')
  })

  it('tells no ids of rules', async () => {
    const { surface } = await fixture()
    const { view, text } = await result(surface, alice, 'lelu_evaluate', {
      ...order,
      tool: 'search',
    })
    expect(view.decision).toBe('allow')
    expect(JSON.stringify(view) + text).not.toContain('secret_rule')
  })

  it.each([
    ['subject', { subject: { id: 'carol', type: 'user' } }],
    ['tenant', { tenant: 'other' }],
    ['run', { run: 'gateway' }],
  ])('refuses a model that passes %s', async (_name, more) => {
    const { surface } = await fixture()
    await expect(result(surface, alice, 'lelu_evaluate', { ...order, ...more })).rejects.toThrow(
      /^input:/,
    )
  })

  it('refuses an input with a prototype of its own, and one that is too large', async () => {
    const { surface } = await fixture()
    const odd = JSON.parse('{"tool":"trade","input":{"__proto__":{"amount":1}}}')
    const refusedOne = await result(surface, alice, 'lelu_evaluate', odd)
    expect(refusedOne.text).toContain('LELU_REQUEST_INVALID')
    const named = { tool: 'constructor', input: { constructor: 1 } }
    const { view } = await result(surface, alice, 'lelu_evaluate', named)
    expect(view.decision).toBe('deny')
    const huge = await result(surface, alice, 'lelu_evaluate', {
      tool: 'trade',
      input: 'x'.repeat(2 * 1024 * 1024),
    })
    expect(huge.isError).toBe(true)
    expect(huge.text).toContain('LELU_INPUT_TOO_LARGE')
  })

  it('is not there for who may only review', async () => {
    const { surface } = await fixture()
    const names = (await surface.tools(carol)).map(({ name }) => name)
    expect(names).not.toContain('lelu_evaluate')
    expect(names).not.toContain('lelu_resume')
  })

  it('answers a code when the engine is closed', async () => {
    const { surface, lelu } = await fixture()
    await lelu.close()
    const { isError, text } = await result(surface, alice, 'lelu_evaluate', order)
    expect(isError).toBe(true)
    expect(text).toMatch(/^LELU_ENGINE_CLOSED/)
  })
})
