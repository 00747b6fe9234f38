import { expect } from 'vitest'
import { type Case, everywhere } from '../case.ts'
import { deniedAmount } from '../policy.ts'
import { answerOf, call } from '../stage.ts'

export const inputCases: readonly Case[] = [
  {
    title: 'the reviewer is shown what the tool will get: coerced, and with its defaults',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed', '7')])
      const { request } = await stage.approval(turn.pending[0]?.approvalId ?? '')
      expect(request.call).toMatchObject({ tool: 'reviewed', input: { amount: 7, note: 'none' } })
      await stage.approve(turn)
      await stage.resume()
      expect(stage.effects()).toEqual(['reviewed 7'])
    },
  },
  {
    title: 'an edited call runs with the edited input, and the model is told with what',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      await stage.edit(await stage.ask([call('reviewed', '7')]), { amount: 3, note: 'less' })
      const { text } = answerOf(await stage.resume(), 'call_reviewed')
      expect(text).toContain('A reviewer changed the input of this call. It ran with:')
      expect(text).toContain('less')
      expect(text).toContain('reviewed did 3')
      expect(stage.effects()).toEqual(['reviewed 3'])
    },
  },
  {
    title: 'an edit that the policy denies is refused, and so is one that the schema refuses',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed', '7')])
      for (const amount of [deniedAmount, 'much', 2_000_000]) {
        await expect(stage.edit(turn, { amount, note: 'x' })).rejects.toMatchObject({
          code: expect.stringMatching(/^LELU_/),
        })
      }
      expect((await stage.resume()).pending).toHaveLength(1)
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title:
      'a tool whose schema changed while a call of it waited runs on what was approved, or not at all',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed', '7')])
      await stage.approve(turn)
      await stage.resume({ toolsChanged: true })
      for (const { input } of stage.ran()) expect(input).toEqual({ amount: 7, note: 'none' })
      expect(stage.ran().length).toBeLessThanOrEqual(1)
    },
  },
  {
    title: 'arguments that the schema rejects run nothing and ask nobody',
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('allowed', 'much'), call('reviewed', 'much')])
      expect(turn.pending).toEqual([])
      expect(stage.effects()).toEqual([])
      const { approvals } = await stage.withLelu((lelu) => lelu.approvals.list())
      expect(approvals).toEqual([])
    },
  },
  {
    title: 'arguments that are not JSON run nothing and ask nobody',
    needs: ['rawArguments'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([
        { id: 'broken', tool: 'allowed', input: { raw: '{"amount": 5' } },
        { id: 'also', tool: 'reviewed', input: { raw: 'amount=5' } },
      ])
      expect(turn.pending).toEqual([])
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title:
      'of two calls with one id in one answer, at most the first runs, and none takes the approval of the other',
    async play(open, { suspends }) {
      const stage = await open()
      await stage.ask([call('allowed', '1', 'same'), call('allowed', '2', 'same')])
      expect(stage.effects().length).toBeLessThanOrEqual(1)
      if (!suspends) return
      const other = await open()
      const turn = await other.ask([call('reviewed', '1', 'same'), call('reviewed', '2', 'same')])
      expect(turn.pending.length).toBeLessThanOrEqual(1)
      if (turn.pending.length === 0) return
      const approved = await other.approval(turn.pending[0]?.approvalId ?? '')
      await other.approve(turn)
      await other.resume()
      const { amount } = approved.request.call.input as { amount: number }
      expect(other.effects()).toEqual([`reviewed ${amount}`])
    },
  },
]
