import { expect } from 'vitest'
import { type Case, everywhere } from '../case.ts'
import { call } from '../stage.ts'

export const nestedCases: readonly Case[] = [
  {
    title: 'a call of an agent that is the tool of another suspends both, and runs once',
    needs: ['suspends', 'nests'],
    lives: everywhere,
    async play(open) {
      const stage = await open({ nested: true })
      const turn = await stage.ask([call('reviewed')])
      expect(turn.pending.map(({ tool }) => tool)).toEqual(['reviewed'])
      expect(turn.finished).toBe(false)
      expect(stage.effects()).toEqual([])
      await stage.approve(turn)
      const done = await stage.resume()
      expect(done.error).toBeUndefined()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: 'what the inner agent has done is not done again when it suspends once more',
    needs: ['suspends', 'nests'],
    async play(open) {
      const stage = await open({ nested: true })
      const steps = [[call('reviewed', '1', 'first')], [call('reviewed', '2', 'second')]]
      await stage.approve(await stage.ask(...steps))
      const second = await stage.resume()
      expect(second.pending).toHaveLength(1)
      expect(stage.effects()).toEqual(['reviewed 1'])
      await stage.approve(second)
      const done = await stage.resume()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(stage.effects()).toEqual(['reviewed 1', 'reviewed 2'])
    },
  },
  {
    title: 'a call of an inner agent that is denied does not run, and both agents go on',
    needs: ['suspends', 'nests'],
    async play(open) {
      const stage = await open({ nested: true })
      await stage.deny(await stage.ask([call('reviewed')]), 'Too much')
      const done = await stage.resume()
      expect(done.error).toBeUndefined()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(stage.effects()).toEqual([])
    },
  },
]
