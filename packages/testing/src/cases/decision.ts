import { expect } from 'vitest'
import { type Case, everywhere } from '../case.ts'
import { answerOf, call } from '../stage.ts'

const four = [
  call('allowed'),
  call('denied'),
  call('reviewed', '1', 'first'),
  call('reviewed', '2', 'second'),
]

export const decisionCases: readonly Case[] = [
  {
    title: 'of four calls in one step, one runs, one is refused and two wait',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const turn = await stage.ask(four)
      expect(turn.error).toBeUndefined()
      expect(turn.pending.map(({ tool }) => tool)).toEqual(['reviewed', 'reviewed'])
      expect(turn.finished).toBe(false)
      await stage.approve(turn)
      const done = await stage.resume()
      expect(done.error).toBeUndefined()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(answerOf(done, 'call_allowed').text).toContain('allowed did 5')
      expect(answerOf(done, 'call_denied').text).toContain('Denied by policy')
      expect(answerOf(done, 'first').text).toContain('reviewed did 1')
      expect(answerOf(done, 'second').text).toContain('reviewed did 2')
      expect(stage.effects().sort()).toEqual(['allowed 5', 'reviewed 1', 'reviewed 2'])
    },
  },
  {
    title: 'an allowed call runs at once and the model reads its result',
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('allowed')], [call('allowed', '6', 'second')])
      expect(turn).toMatchObject({ pending: [], finished: true })
      expect(turn.answers.map(({ text }) => text)).toEqual([
        expect.stringContaining('allowed did 5'),
        expect.stringContaining('allowed did 6'),
      ])
      expect(stage.effects()).toEqual(['allowed 5', 'allowed 6'])
    },
  },
  {
    title: 'a denied call does not run, the model reads why, and the conversation goes on',
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('denied')])
      expect(answerOf(turn, 'call_denied').text).toContain(
        'Denied by policy: No rule allows this action. The call did not run.',
      )
      const next = await stage.ask([call('allowed')])
      expect(next.finished).toBe(true)
      expect(stage.effects()).toEqual(['allowed 5'])
    },
  },
  {
    title: 'a call that a reviewer denies does not run, and the model reads the reason and no name',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      await stage.deny(await stage.ask([call('reviewed')]), 'Too much')
      const done = await stage.resume()
      expect(done.finished).toBe(true)
      const { text } = answerOf(done, 'call_reviewed')
      expect(text).toContain('A reviewer denied this call: Too much. Do not retry the same call.')
      expect(text).not.toContain('rita')
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'an unknown tool runs nothing',
    needs: ['unknownTools'],
    async play(open) {
      const stage = await open()
      for (const name of ['nobody', '__proto__', 'toString']) {
        await stage.ask([call(name)])
        expect(stage.effects()).toEqual([])
      }
    },
  },
  {
    title: 'a tool with the name of what every object inherits is decided like any other',
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('constructor')])
      expect(answerOf(turn, 'call_constructor').text).toContain('Denied by policy')
      expect(stage.effects()).toEqual([])
    },
  },
]
