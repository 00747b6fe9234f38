import { expect } from 'vitest'
import type { Case } from '../case.ts'
import type { Turn } from '../harness.ts'
import { answerOf, call } from '../stage.ts'

/** LangChain puts the stack of the error into what the model reads, and there we are. */
const comparable = ({ answers, streamed, ...turn }: Turn) => ({
  ...turn,
  // The calls of a step run at once: which is answered first is chance, with us and without.
  ...(streamed && { streamed: { ...streamed, answered: [...streamed.answered].sort() } }),
  answers: answers.map((answer) => ({ ...answer, text: answer.text.replace(/\n +at .*/g, '') })),
})

export const transparencyCases: readonly Case[] = [
  {
    title: 'the model is shown the tools byte for byte as without us',
    lives: ['memory'],
    async play(open) {
      const guarded = await open()
      await guarded.ask([call('allowed')])
      const bare = await open({}, { bare: true })
      await bare.ask([call('allowed')])
      expect(guarded.shown()).toContain('reviewed_fails')
      expect(guarded.shown()).toBe(bare.shown())
    },
  },
  {
    title:
      'an allowed call, a tool that fails and arguments that do not fit are answered as without us',
    lives: ['memory'],
    async play(open) {
      const calls = [call('allowed'), call('allowed_fails'), call('allowed_slow', 'much')]
      const guarded = await open()
      const ours = await guarded.ask(calls)
      const bare = await open({}, { bare: true })
      const theirs = await bare.ask(calls)
      expect(comparable(ours)).toEqual(comparable(theirs))
      expect(guarded.effects().sort()).toEqual(bare.effects().sort())
    },
  },
  {
    title: 'a reviewed tool that fails is answered like one that was not reviewed',
    needs: ['suspends'],
    async play(open) {
      const guarded = await open()
      await guarded.approve(await guarded.ask([call('reviewed_fails')]))
      const ours = answerOf(await guarded.resume(), 'call_reviewed_fails')
      const bare = await open({}, { bare: true })
      const theirs = answerOf(await bare.ask([call('reviewed_fails')]), 'call_reviewed_fails')
      expect(ours).toEqual(theirs)
      expect(guarded.effects()).toEqual(['reviewed_fails 5'])
    },
  },
]
