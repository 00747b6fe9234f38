import { expect } from 'vitest'
import { type Case, everywhere, processes } from '../case.ts'
import { answerOf, call } from '../stage.ts'

const day = 24 * 60 * 60 * 1000
const two = [call('reviewed', '1', 'first'), call('reviewed_fails', '2', 'second')]

export const resumeCases: readonly Case[] = [
  {
    title: 'one of two approved runs, the other goes on waiting, and each runs once',
    needs: ['suspends', 'resumesOneByOne'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const both = await stage.ask(two)
      await stage.approve(both, 'reviewed')
      const half = await stage.resume()
      expect(half.pending.map(({ tool }) => tool)).toEqual(['reviewed_fails'])
      expect(stage.effects()).toEqual(['reviewed 1'])
      await stage.approve(half)
      const done = await stage.resume()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(answerOf(done, 'first').text).toContain('reviewed did 1')
      expect(answerOf(done, 'second').text).toContain('reviewed_fails went wrong')
      expect(stage.effects()).toEqual(['reviewed 1', 'reviewed_fails 2'])
    },
  },
  {
    title: 'one of two approved loses nothing: when both are decided, each has run once',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      const both = await stage.ask([
        call('reviewed', '1', 'first'),
        call('reviewed', '2', 'second'),
      ])
      const [first, second] = both.pending
      await stage.approve({ ...both, pending: first === undefined ? [] : [first] })
      const half = await stage.resume()
      expect(half.error).toBeUndefined()
      expect(half.pending.length).toBeGreaterThan(0)
      await stage.approve({ ...both, pending: second === undefined ? [] : [second] })
      const done = await stage.resume()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(answerOf(done, 'first').text).toContain('reviewed did 1')
      expect(answerOf(done, 'second').text).toContain('reviewed did 2')
      expect(stage.effects().sort()).toEqual(['reviewed 1', 'reviewed 2'])
    },
  },
  {
    title: 'resumed before anybody decided, it goes on waiting',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      await stage.ask([call('reviewed')])
      const early = await stage.resume()
      expect(early.error).toBeUndefined()
      expect(early.pending).toHaveLength(1)
      expect(stage.effects()).toEqual([])
      await stage.approve(early)
      expect((await stage.resume()).finished).toBe(true)
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title:
      'a stored conversation that is resumed twice runs the call once and answers the same twice',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      await stage.approve(await stage.ask([call('reviewed')]))
      const first = answerOf(await stage.resume(), 'call_reviewed')
      const second = answerOf(await stage.replay(), 'call_reviewed')
      expect(second).toEqual(first)
      expect(first.text).toContain('reviewed did 5')
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    // Some proxies put a model's signature into the id of its call (BerriAI/litellm for Gemini).
    title: 'ids of thousands of characters that differ only at the end each name their own call',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const long = `call_${'x'.repeat(5000)}`
      const asked = [call('allowed', '1', `${long}1`), call('reviewed', '2', `${long}2`)]
      await stage.approve(await stage.ask([...asked, call('reviewed', '3', `${long}3`)]))
      const done = await stage.resume()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(answerOf(done, `${long}3`).text).toContain('reviewed did 3')
      expect(stage.effects().sort()).toEqual(['allowed 1', 'reviewed 2', 'reviewed 3'])
    },
  },
  {
    title: 'two processes that resume at once run the call once',
    needs: ['suspends'],
    lives: processes,
    async play(open) {
      const stage = await open()
      await stage.approve(await stage.ask([call('reviewed')]))
      await Promise.allSettled([stage.resume(), stage.resume()])
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: 'the same call id in a later step is a new call, with the same input and with another',
    needs: ['suspends', 'reusesIds'],
    async play(open) {
      const stage = await open()
      const first = await stage.ask(
        [call('reviewed', '5', 'call_0')],
        [call('reviewed', '5', 'call_0')],
      )
      await stage.approve(first)
      const second = await stage.resume()
      expect(second.pending).toHaveLength(1)
      expect(second.pending[0]?.approvalId).not.toBe(first.pending[0]?.approvalId)
      expect(stage.effects()).toEqual(['reviewed 5'])
      await stage.approve(second)
      await stage.resume()
      const third = await stage.ask([call('reviewed', '6', 'call_0')])
      expect(third.pending).toHaveLength(1)
      expect(stage.effects()).toEqual(['reviewed 5', 'reviewed 5'])
    },
  },
  {
    title: 'an approval that comes too late, after its time, runs nothing',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed')])
      const done = await stage.resume({ aheadMs: 2 * day })
      expect(answerOf(done, 'call_reviewed').text).toContain('Nobody decided in time')
      await expect(stage.approve(turn)).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'an approved call that is resumed too late does not run',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      await stage.approve(await stage.ask([call('reviewed')]))
      const done = await stage.resume({ aheadMs: 2 * day })
      expect(answerOf(done, 'call_reviewed').text).toContain('was not run in time')
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'an approved call whose approval was revoked does not run',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed')])
      await stage.approve(turn)
      const approval = turn.pending[0]?.approvalId ?? ''
      await stage.withLelu(({ tokens }) => tokens.revoke({ approval }, { reason: 'A mistake' }))
      const done = await stage.resume()
      expect(answerOf(done, 'call_reviewed').text).toContain('A mistake')
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'an approved call that was revoked with all others does not run, and the model is told',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      await stage.approve(await stage.ask([call('reviewed')]))
      await stage.withLelu(({ tokens }) => tokens.revoke({ all: true }))
      const done = await stage.resume()
      expect(answerOf(done, 'call_reviewed').text).toContain('Not run: The approval was revoked')
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'an approved call of an agent that was stopped does not run',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      const turn = await stage.ask([call('reviewed')])
      await stage.approve(turn)
      await stage.withLelu(({ killSwitch }) => killSwitch.stop({ all: true }))
      await stage.resume()
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'a call that was cancelled does not run',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      const { pending } = await stage.ask([call('reviewed')])
      await stage.withLelu(({ approvals }) => approvals.cancel(pending[0]?.approvalId ?? ''))
      const done = await stage.resume()
      expect(answerOf(done, 'call_reviewed').text).toContain('cancelled')
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title:
      'a call that a new message of the user left behind is cancelled, and a late approval runs nothing',
    needs: ['suspends'],
    async play(open) {
      const stage = await open()
      const left = await stage.ask([call('reviewed')])
      const next = await stage.ask([call('allowed')])
      expect(next.error).toBeUndefined()
      expect(next.finished).toBe(true)
      const { state } = await stage.approval(left.pending[0]?.approvalId ?? '')
      expect(state).toBe('cancelled')
      await expect(stage.approve(left)).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
      expect((await stage.resume()).pending).toEqual([])
      expect(stage.effects()).toEqual(['allowed 5'])
    },
  },
]
