import { expect } from 'vitest'
import { type Case, everywhere } from '../case.ts'
import { answerOf, call, type Stage } from '../stage.ts'

/** Longer than the lease of an attempt: by then nobody is believed to be running it. */
const afterLease = 5 * 60_000

/** A tool that was left at work does what it does a little later. */
async function untilRun(stage: Stage): Promise<void> {
  for (let look = 0; look < 1500 && stage.effects().length === 0; look += 1)
    await new Promise((next) => setTimeout(next, 20))
}

export const interruptionCases: readonly Case[] = [
  {
    title: 'when the model fails behind an approved call, its result is not lost and it runs once',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      await stage.approve(await stage.ask([call('reviewed')]))
      const failed = await stage.resume({ modelDown: true })
      expect(failed.error).toBeDefined()
      expect(failed.finished).toBe(false)
      expect(stage.effects()).toEqual(['reviewed 5'])
      const done = await stage.resume()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(answerOf(done, 'call_reviewed').text).toContain('reviewed did 5')
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: 'an approved call whose run is aborted while it runs is not run again',
    needs: ['suspends', 'abortable'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed_slow')])
      await stage.approve(turn)
      await stage.resume({ abortAt: 'running' })
      await untilRun(stage)
      await stage.resume({ aheadMs: afterLease })
      const { state } = await stage.approval(turn.pending[0]?.approvalId ?? '')
      expect(state).toMatch(/unknown|completed/)
      expect(stage.effects()).toEqual(['reviewed_slow 5'])
    },
  },
  {
    title:
      'without the name of its conversation a call that needs a person is told to the developer',
    needs: ['suspends', 'unnamed'],
    async play(open) {
      const stage = await open({ unnamed: true })
      const turn = await stage.ask([call('reviewed')])
      expect(turn.pending).toEqual([])
      expect(turn.finished).toBe(false)
      expect(turn.error?.message).toMatch(/thread|run|checkpointer/i)
      expect(stage.effects()).toEqual([])
      const { approvals } = await stage.withLelu((lelu) => lelu.approvals.list())
      expect(approvals).toEqual([])
    },
  },
]
