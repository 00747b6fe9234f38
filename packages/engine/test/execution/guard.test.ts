import { openAuditLog } from '@lelu/audit'
import { describe, expect, it, vi } from 'vitest'
import { refusal } from '../../src/index.ts'
import {
  approved,
  bob,
  overview,
  policyOf,
  suspended,
  temporaryFolder,
  testEngine,
  trade,
} from '../support.ts'

describe('guard', () => {
  it('runs an allowed call once, with the input that was decided on, and records the outcome', async () => {
    const lelu = await testEngine()
    const tool = vi.fn(async () => 'done')
    const outcome = await lelu.guard(trade(0.97), tool)
    expect(outcome).toMatchObject({
      status: 'executed',
      value: 'done',
      decision: { effect: 'allow', confidence: 0.97 },
    })
    expect(tool).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ tool: 'trade', input: { symbol: 'ACME', amount: 100 } }),
      expect.objectContaining({ approval: null }),
    )
  })

  it('waits for the disk before the tool runs, and not a second time before its answer', async () => {
    const log = await openAuditLog({ directory: temporaryFolder() })
    const waits: unknown[] = []
    const audit = {
      ...log,
      append: (event: Parameters<typeof log.append>[0], options?: { until?: 'written' }) => {
        waits.push([event.kind, options?.until ?? 'durable'])
        return log.append(event, options)
      },
    }
    const lelu = await testEngine({ audit })
    await lelu.guard(trade(0.97), () => waits.push('tool'))
    expect(waits.slice(1)).toEqual([['decision', 'durable'], 'tool', ['outcome', 'written']])
    await log.close()
  })

  it('reads the confidence of a request without one, once for a call', async () => {
    const lelu = await testEngine()
    const confidence = vi.fn(async () => trade(0.85).confidence)
    const { confidence: _left, ...asked } = trade(0.85, {}, { run: 'run-1' })
    const first = await lelu.guard(asked, vi.fn(), { confidence })
    expect(first).toMatchObject({ status: 'suspended', decision: { confidence: 0.85 } })
    expect(await lelu.guard(asked, vi.fn(), { confidence })).toMatchObject({ status: 'suspended' })
    expect(confidence).toHaveBeenCalledOnce()
    await lelu.guard(trade(0.97), () => 'done', { confidence })
    expect(confidence).toHaveBeenCalledOnce()
  })

  it('refuses a confidence that was read and is none, and takes nothing for missing', async () => {
    const lelu = await testEngine()
    const tool = vi.fn()
    const { confidence: _left, ...asked } = trade(0.97)
    const wrong = { ...trade(0.97).confidence, value: '0.97' } as never
    await expect(lelu.guard(asked, tool, { confidence: async () => wrong })).rejects.toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      details: { path: 'confidence.value' },
    })
    const missing = await lelu.guard(asked, tool, { confidence: async () => undefined })
    expect(missing).toMatchObject({ status: 'suspended', decision: { confidence: 0 } })
    const failing = async () => {
      throw new Error('the reader failed')
    }
    await expect(lelu.guard(asked, tool, { confidence: failing })).rejects.toThrow('reader failed')
    expect(tool).not.toHaveBeenCalled()
  })

  it('suspends what needs a person and does not run it', async () => {
    const lelu = await testEngine()
    const tool = vi.fn()
    const outcome = await lelu.guard(trade(0.85), tool)
    expect(outcome).toMatchObject({
      status: 'suspended',
      approval: { state: 'pending' },
      decision: { effect: 'require_approval' },
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('refuses what no rule allows and says why in words for the model', async () => {
    const lelu = await testEngine()
    const tool = vi.fn()
    const outcome = await lelu.guard(trade(0.99, { tool: 'delete_database' }), tool)
    expect(outcome).toMatchObject({ status: 'denied', decision: { effect: 'deny' } })
    expect(tool).not.toHaveBeenCalled()
    if (outcome.status !== 'executed')
      expect(refusal(outcome)).toBe('Denied by policy: No rule allows it. The call did not run.')
  })

  it('runs the input as it was when it was decided, however the caller changes his object meanwhile', async () => {
    const input = { symbol: 'ACME', amount: 100 }
    const lelu = await testEngine({
      policies: policyOf(() => {
        input.amount = 999_999
        return { effect: 'allow' }
      }),
    })
    const seen: unknown[] = []
    await lelu.guard(trade(0.97, { input }), (call) => seen.push(call.input))
    expect(seen).toEqual([{ symbol: 'ACME', amount: 100 }])
  })

  it('hands the tool an input it cannot change for the record', async () => {
    const lelu = await testEngine()
    const outcome = lelu.guard(trade(0.97), (call) => {
      ;(call.input as { amount: number }).amount = 1
    })
    await expect(outcome).rejects.toThrow(TypeError)
  })

  it("passes the tool's own error on", async () => {
    const lelu = await testEngine()
    const broken = new RangeError('no such symbol')
    await expect(lelu.guard(trade(0.97), () => Promise.reject(broken))).rejects.toBe(broken)
  })

  it('finds the same approval when the same call of a run is asked again, and runs it once it is approved', async () => {
    const lelu = await testEngine()
    const run = { run: 'run-1' }
    const id = await suspended(lelu, {}, run)
    expect(await suspended(lelu, {}, run)).toBe(id)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    const tool = vi.fn(() => ({ price: 7 }))
    expect(await lelu.guard(trade(0.85, {}, run), tool)).toMatchObject({
      status: 'executed',
      value: { price: 7 },
    })
    expect(await lelu.guard(trade(0.85, {}, run), tool)).toMatchObject({
      status: 'executed',
      value: { price: 7 },
      replayed: true,
    })
    expect(tool).toHaveBeenCalledOnce()
  })

  it('never lets an approval for one input answer for another under the same call id', async () => {
    const lelu = await testEngine()
    const run = { run: 'run-1' }
    await approved(lelu, {}, run)
    const tool = vi.fn()
    const other = trade(0.85, { input: { symbol: 'ACME', amount: 101 } }, run)
    await expect(lelu.guard(other, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_CONFLICT' })
    const agent = { ...trade(0.85, {}, run), subject: { id: 'trader-2', type: 'agent' as const } }
    await expect(lelu.guard(agent, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_CONFLICT' })
    expect(tool).not.toHaveBeenCalled()
  })

  it('does not run an approval for a tool whose schema has changed since', async () => {
    const lelu = await testEngine()
    const run = { run: 'run-1' }
    const schema = { type: 'object', properties: { amount: { type: 'number' } } }
    await approved(lelu, { schema }, run)
    const tool = vi.fn(() => 'ran')
    const changed = { ...schema, properties: { amount: { type: 'string' } } }
    for (const call of [{ schema: changed }, {}]) {
      await expect(lelu.guard(trade(0.85, call, run), tool)).rejects.toMatchObject({
        code: 'LELU_APPROVAL_CONFLICT',
      })
    }
    expect(tool).not.toHaveBeenCalled()
    expect(await lelu.guard(trade(0.85, { schema }, run), tool)).toMatchObject({ value: 'ran' })
  })

  it('makes one approval of many concurrent requests for the same call', async () => {
    const lelu = await testEngine()
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => suspended(lelu, {}, { run: 'run-1' })),
    )
    expect(new Set(ids).size).toBe(1)
  })

  it('takes no confidence as none: the policy sees 0 and the status missing', async () => {
    const seen: unknown[] = []
    const lelu = await testEngine({
      policies: policyOf((input) => {
        seen.push([input.confidence, input.signal.status])
        return overview.evaluate(input)
      }),
    })
    const { confidence: _, ...without } = trade(1)
    expect(await lelu.decide(without)).toMatchObject({ effect: 'require_approval', confidence: 0 })
    expect(seen).toEqual([[0, 'missing']])
  })

  it('refuses everything once it is closed', async () => {
    const lelu = await testEngine()
    await lelu.close()
    const tool = vi.fn()
    await expect(lelu.guard(trade(0.97), tool)).rejects.toMatchObject({
      code: 'LELU_ENGINE_CLOSED',
    })
    await expect(lelu.decide(trade(0.97))).rejects.toMatchObject({ code: 'LELU_ENGINE_CLOSED' })
    expect(tool).not.toHaveBeenCalled()
  })
})

describe('decide', () => {
  it.each(['ALLOW', 'approved', 'not-applicable', '', null, undefined, 1])(
    'denies on the answer %j',
    async (effect) => {
      const lelu = await testEngine({ policies: policyOf(() => ({ effect: effect as never })) })
      expect(await lelu.decide(trade(0.97))).toMatchObject({
        effect: 'deny',
        reasons: [{ id: 'policy_result_invalid' }],
      })
    },
  )

  it('denies when the policy throws, and never throws itself for it', async () => {
    const policies = policyOf(() => {
      throw new Error('boom')
    })
    const lelu = await testEngine({ policies })
    expect(await lelu.decide(trade(0.97))).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_error' }],
    })
  })
})
