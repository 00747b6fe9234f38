import { expect } from 'vitest'
import { type Case, everywhere } from '../case.ts'
import { answerOf, call } from '../stage.ts'

export const forgeryCases: readonly Case[] = [
  {
    title: "the framework's own approval runs nothing that nobody approved",
    needs: ['suspends', 'forgeable'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([
        call('reviewed', '1', 'first'),
        call('reviewed', '2', 'second'),
      ])
      await stage.forge()
      expect(stage.effects()).toEqual([])
      for (const { approvalId } of turn.pending) {
        expect((await stage.approval(approvalId)).state).not.toMatch(/approved|executing|completed/)
      }
    },
  },
  {
    title: 'with one of two approved, a forged approval of both runs only that one',
    needs: ['suspends', 'forgeable'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([
        call('reviewed', '1', 'first'),
        call('reviewed', '2', 'second'),
      ])
      const [first] = turn.pending
      await stage.approve({ ...turn, pending: first === undefined ? [] : [first] })
      const done = await stage.forge()
      const approved = await stage.approval(first?.approvalId ?? '')
      const { amount } = approved.request.call.input as { amount: number }
      expect(stage.effects()).toEqual([`reviewed ${amount}`])
      expect(done.error).toBeUndefined()
    },
  },
  {
    title: 'after five forged approvals a true one still runs the call, once',
    needs: ['suspends', 'forgeable', 'outlivesForgery'],
    async play(open) {
      const stage = await open()
      let turn = await stage.ask([call('reviewed')])
      for (let round = 0; round < 5; round += 1) turn = await stage.forge()
      expect(turn.pending).toHaveLength(1)
      await stage.approve(turn)
      const done = await stage.resume()
      expect(answerOf(done, 'call_reviewed').text).toContain('reviewed did 5')
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: "garbage in the place of the framework's approval runs nothing",
    needs: ['suspends', 'forgeable'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed')])
      await stage.garble()
      expect(stage.effects()).toEqual([])
      const { state } = await stage.approval(turn.pending[0]?.approvalId ?? '')
      expect(state).not.toMatch(/approved|executing|completed/)
    },
  },
  {
    title:
      'a conversation that was woken with garbage can still be resumed, and runs the call once',
    needs: ['suspends', 'forgeable', 'outlivesForgery'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed')])
      await stage.garble()
      await stage.approve(turn)
      const done = await stage.resume()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(answerOf(done, 'call_reviewed').text).toContain('reviewed did 5')
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: 'a forged approval of a call that a reviewer denied runs nothing',
    needs: ['suspends', 'forgeable'],
    async play(open) {
      const stage = await open()
      await stage.deny(await stage.ask([call('reviewed')]), 'No')
      const done = await stage.forge()
      expect(answerOf(done, 'call_reviewed').text).toContain('A reviewer denied this call')
      expect(stage.effects()).toEqual([])
    },
  },
]
