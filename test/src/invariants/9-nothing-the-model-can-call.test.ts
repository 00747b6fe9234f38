import { openReviewDesk } from '@lelu/engine'
import { describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../support/processes.ts'
import { engine, suspend, trade } from './support.ts'

describe('invariant 9: nothing the model can call approves, mints, or writes policy', () => {
  it('a tool gets its call and its run, and nothing to decide with', async () => {
    const lelu = await engine()
    const tool = vi.fn()
    await lelu.guard(trade(0.97), tool)
    const [call, run] = tool.mock.calls[0] as [object, object]
    expect(Object.keys(call).sort()).toEqual(['effect', 'id', 'input', 'tool'])
    expect(Object.keys(run).sort()).toEqual(['approval', 'decision', 'idempotencyKey'])
    const functions = [...Object.values(call), ...Object.values(run)].filter(
      (value) => typeof value === 'function',
    )
    expect(functions).toEqual([])
  })

  it.each(['lelu_approve', 'approvals.review', 'tokens.mint', 'approve', 'mint_token'])(
    'a model that calls a tool named %s decides nothing by it',
    async (name) => {
      const lelu = await engine()
      const id = await suspend(lelu)
      expect(
        await lelu.guard(
          trade(1, { tool: name, input: { approval: id, verdict: 'approve' } }),
          () => 'ran',
        ),
      ).toMatchObject({ status: 'denied' })
      expect((await lelu.approvals.get(id)).state).toBe('pending')
    },
  )

  it('whoever only reviews can neither mint nor run nor edit', async () => {
    const directory = temporaryFolder()
    await engine({ directory })
    const desk = await openReviewDesk({ directory })
    const { inputs, ...others } = desk
    const reviewing = ['approvals', 'close', 'grants', 'killSwitch', 'notifications', 'tokens']
    expect(Object.keys(others).sort()).toEqual(reviewing)
    expect(Object.keys(inputs).sort()).toEqual(['erase', 'reveal'])
    expect(Object.keys(desk.tokens)).not.toContain('mint')
    await desk.close()
  })
})
