import type { Policy } from '@lelu/engine'
import { Keyv } from 'keyv'
import { expect } from 'vitest'
import { type Case, everywhere } from '../case.ts'
import { suitePolicy } from '../policy.ts'
import { answerOf, call } from '../stage.ts'

const failing: Policy = {
  revision: 'failing',
  evaluate() {
    throw new Error('the policy engine is down')
  },
}

const foreign: Policy = {
  revision: 'foreign',
  evaluate: (input) => ({ ...suitePolicy.evaluate(input), effect: 'permit' as 'allow' }),
}

/** A store that nothing can be written to or read from. */
function brokenStore(): Keyv {
  const down = async () => {
    throw new Error('the store is down')
  }
  return new Keyv({ store: { get: down, set: down, delete: down, clear: down } as never })
}

export const failureCases: readonly Case[] = [
  ...[failing, foreign].map(
    (policies): Case => ({
      title: `a ${policies.revision} policy runs nothing, and the conversation goes on`,
      lives: ['memory'],
      async play(open) {
        const stage = await open({}, { lelu: { policies } })
        const turn = await stage.ask([call('allowed'), call('reviewed')])
        expect(turn.error).toBeUndefined()
        expect(turn).toMatchObject({ pending: [], finished: true })
        expect(stage.effects()).toEqual([])
      },
    }),
  ),
  {
    title: 'a log that takes no record runs nothing, and the developer is told or the model is',
    lives: ['memory'],
    async play(open) {
      const stage = await open()
      await stage.withLelu((lelu) => lelu.close()) // its log takes nothing any more
      const turn = await stage.ask([call('allowed'), call('reviewed')])
      expect(turn.pending).toEqual([])
      const told = [
        turn.error?.code ?? turn.error?.message,
        ...turn.answers.map(({ text }) => text),
      ].join(' ')
      expect(told).toMatch(/LELU_|closed|did not run|not run/)
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'a store that is down runs no call that needs a person',
    lives: ['memory'],
    async play(open) {
      let stage: Awaited<ReturnType<typeof open>> | undefined
      try {
        stage = await open({}, { lelu: { store: brokenStore() } })
        const turn = await stage.ask([call('reviewed')])
        expect(turn.pending).toEqual([])
        expect(turn.finished && turn.answers.length === 0).toBe(false)
      } catch (error) {
        // An engine that does not even open is closed too.
        expect(error).toMatchObject({ code: expect.stringMatching(/^LELU_/) })
      }
      expect(stage?.effects() ?? []).toEqual([])
    },
  },
  {
    title:
      'an approved call that is resumed while the store is down does not run and stays approved',
    needs: ['suspends'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      const asked = await stage.ask([call('reviewed')])
      await stage.approve(asked)
      await stage.resume({ storeDown: true })
      expect(stage.effects()).toEqual([])
      expect(await stage.approval(asked.pending[0]?.approvalId ?? '')).toMatchObject({
        state: 'approved',
      })
    },
  },
  {
    title:
      'after such an outage, of which the developer is told, the call is resumed and runs once',
    needs: ['suspends', 'waitsAgain'],
    lives: everywhere,
    async play(open) {
      const stage = await open()
      await stage.approve(await stage.ask([call('reviewed')]))
      const down = await stage.resume({ storeDown: true })
      expect(down.error).toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
      expect(down.finished).toBe(false)
      const done = await stage.resume()
      expect(done).toMatchObject({ pending: [], finished: true })
      expect(answerOf(done, 'call_reviewed').text).toContain('reviewed did 5')
      expect(stage.effects()).toEqual(['reviewed 5'])
    },
  },
  {
    title: 'a run that was aborted before runs nothing',
    needs: ['abortable'],
    async play(open) {
      const stage = await open({}, { signal: AbortSignal.abort() })
      await stage.ask([call('allowed'), call('reviewed')])
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title: 'a run that is aborted while a call waits runs nothing, whatever is approved then',
    needs: ['abortable', 'abortEndsWaiting'],
    async play(open) {
      const control = new AbortController()
      const stage = await open({ mode: 'wait', waitMs: 30_000 }, { signal: control.signal })
      await stage.withLelu(async () => {})
      const asked = stage.ask([call('reviewed')])
      const waiting = async () =>
        (await stage.withLelu(({ approvals }) => approvals.list())).approvals
      for (let look = 0; look < 500 && (await waiting()).length === 0; look += 1) {
        await new Promise((next) => setTimeout(next, 20))
      }
      control.abort()
      await asked
      const [approval] = await waiting()
      await stage
        .withLelu(({ approvals }) =>
          approvals.review(approval?.id ?? '', {
            verdict: 'approve',
            reviewer: { id: 'late', issuer: 'suite', method: 'suite' },
          }),
        )
        .catch(() => {})
      expect(stage.effects()).toEqual([])
    },
  },
]
