import { expect, test } from 'vitest'
import { agentWith, ask, calling, config, openLelu, rootOf } from './support.ts'

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
