import { expect, test } from 'vitest'
import {
  agentWith,
  ask,
  calling,
  config,
  openLelu,
  reviewer,
  rootOf,
  waitingId,
} from './support.ts'

// A thread without a name is refused by LangGraph itself, where there is a checkpointer.
test.each([
  ['an empty text', () => ''],
  ['nothing', () => undefined as never],
])(
  'when the option `run` answers %s, nothing runs and nothing is left to approve',
  async (_what, run) => {
    for (const name of ['allowed', 'reviewed']) {
      const lelu = await openLelu()
      const { agent, ran } = agentWith({ lelu, answers: [calling({ name })], options: { run } })
      expect(await rootOf(agent.invoke(ask, config))).toMatchObject({ code: 'LELU_RUN_MISSING' })
      expect(ran).toEqual([])
      expect((await lelu.approvals.list()).approvals).toEqual([])
    }
  },
)

test('the option `run` may take its time, as the others may: a session is read, and the call goes on in its run', async () => {
  const lelu = await openLelu()
  const run = async () => 'session-7'
  const answers = [calling({ name: 'reviewed' })]
  const { agent, ran, resumeDecided } = agentWith({ lelu, answers, options: { run } })
  const id = waitingId(await agent.invoke(ask, config))
  expect((await lelu.approvals.get(id)).request.run).toBe('session-7')
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await resumeDecided()
  expect(ran).toHaveLength(1)
})
