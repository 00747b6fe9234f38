import { expect } from 'vitest'
import { type Case, processes } from '../case.ts'
import { answerOf, call } from '../stage.ts'
import type { KillPoint } from '../tools.ts'

/** Longer than the lease of an attempt: by then nobody is believed to be running it. */
const afterLease = 5 * 60_000

const points: [KillPoint, string, string[]][] = [
  ['before-effect', 'before the tool did something', []],
  ['after-effect', 'after the tool did something', ['reviewed 5']],
]

export const crashCases: readonly Case[] = points.map(([killAt, when, effects]) => ({
  title: `killed ${when}, the call is not run again: whether it took effect is unknown`,
  needs: ['suspends'],
  lives: processes,
  async play(open) {
    const stage = await open()
    const turn = await stage.ask([call('reviewed')])
    await stage.approve(turn)
    const dead = await stage.resume({ killAt })
    expect(dead.error?.message).toBe('killed')
    expect(stage.effects()).toEqual(effects)

    const next = await stage.resume({ aheadMs: afterLease })
    expect(answerOf(next, 'call_reviewed').text).toContain('took effect is not known')
    expect(stage.effects()).toEqual(effects)
    expect((await stage.approval(turn.pending[0]?.approvalId ?? '')).state).toBe('unknown')
  },
}))
