import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { answerOf, call, reviewer } from '../stage.ts'

/** Approves the first call that waits, as soon as one does. */
async function approveSoon(
  list: () => Promise<{ id: string; state: string }[]>,
  approve: (id: string) => Promise<unknown>,
): Promise<void> {
  // Longer than the case may take: a mistake ends it, not this loop.
  for (let look = 0; look < 1000; look += 1) {
    const waiting = (await list()).find(({ state }) => state === 'pending')
    if (waiting !== undefined) {
      await approve(waiting.id)
      return
    }
    await new Promise((next) => setTimeout(next, 20))
  }
}

export const modeCases: readonly Case[] = [
  {
    title: 'mode wait: a call that is approved in time runs within the same turn',
    async play(open) {
      const stage = await open({ mode: 'wait', waitMs: 30_000 })
      await stage.withLelu(async () => {}) // makes the directory, before somebody looks into it
      const asked = stage.ask([call('reviewed')])
      await approveSoon(
        () => stage.withLelu(async ({ approvals }) => (await approvals.list()).approvals),
        (id) =>
          stage.withLelu(({ approvals }) => approvals.review(id, { verdict: 'approve', reviewer })),
      )
      const turn = await asked
      expect(answerOf(turn, 'call_reviewed').text).toContain('reviewed did 5')
      expect(turn).toMatchObject({ pending: [], finished: true })
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: 'mode wait: a call that nobody decides in time is suspended, and resumes once',
    needs: ['suspends'],
    async play(open) {
      const stage = await open({ mode: 'wait', waitMs: 50 })
      const turn = await stage.ask([call('reviewed')])
      expect(turn.pending).toHaveLength(1)
      expect(stage.effects()).toEqual([])
      await stage.approve(turn)
      expect((await stage.resume()).finished).toBe(true)
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title:
      'mode tell-model: the model reads that the call waits, and asks again with the same input',
    async play(open) {
      const stage = await open({ mode: 'tell-model' })
      const turn = await stage.ask([call('reviewed', '5', 'a')])
      expect(turn.finished).toBe(true)
      const { text } = answerOf(turn, 'a')
      const { approvals } = await stage.withLelu((lelu) => lelu.approvals.list())
      expect(approvals).toHaveLength(1)
      expect(text).toContain(
        `Waiting for a person to approve this call (approval ${approvals[0]?.id})`,
      )
      expect(text).toContain('call it again later with exactly the same input')

      const again = await stage.ask([call('reviewed', '5', 'b')])
      expect(answerOf(again, 'b').text).toContain('Waiting for a person')
      expect((await stage.withLelu((lelu) => lelu.approvals.list())).approvals).toHaveLength(1)
      expect(stage.effects()).toEqual([])

      await stage.withLelu((lelu) =>
        lelu.approvals.review(approvals[0]?.id ?? '', { verdict: 'approve', reviewer }),
      )
      const done = await stage.ask([call('reviewed', '5', 'c'), call('reviewed', '6', 'd')])
      expect(answerOf(done, 'c').text).toContain('reviewed did 5')
      expect(answerOf(done, 'd').text).toContain('Waiting for a person')
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: 'mode tell-model: an approved call that is asked for twice in one answer runs once',
    async play(open) {
      const stage = await open({ mode: 'tell-model' })
      await stage.ask([call('reviewed', '5', 'a')])
      const { approvals } = await stage.withLelu((lelu) => lelu.approvals.list())
      await stage.withLelu((lelu) =>
        lelu.approvals.review(approvals[0]?.id ?? '', { verdict: 'approve', reviewer }),
      )
      const turn = await stage.ask([call('reviewed', '5', 'b'), call('reviewed', '5', 'c')])
      expect(turn.error).toBeUndefined()
      const texts = ['b', 'c'].map((id) => answerOf(turn, id).text)
      expect(texts.some((text) => text.includes('reviewed did 5'))).toBe(true)
      expect(texts.every((text) => /reviewed did 5|running right now/.test(text))).toBe(true)
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
]
