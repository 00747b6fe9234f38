import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { call } from '../stage.ts'

export const streamingCases: readonly Case[] = [
  {
    title: 'the app sees each call in the stream, and which of them waits for a person',
    needs: ['suspends', 'streams'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('allowed'), call('reviewed')])
      expect(turn.streamed?.calls).toEqual(['call_allowed', 'call_reviewed'])
      expect(turn.streamed?.waiting).toEqual(['call_reviewed'])
      expect(turn.streamed?.answered ?? []).not.toContain('call_reviewed')
    },
  },
  {
    title: 'the answer of an approved call comes in the stream of the run that goes on',
    needs: ['suspends', 'streams'],
    async play(open) {
      const stage = await open()
      await stage.approve(await stage.ask([call('reviewed')]))
      const done = await stage.resume()
      expect(done.finished).toBe(true)
      expect(done.streamed?.answered).toEqual(['call_reviewed'])
      expect(done.streamed?.waiting).toEqual([])
    },
  },
]
