import { expect, test } from 'vitest'
import {
  cancelAbandoned,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling } from './model.ts'
import { agentWith } from './support.ts'

const steps = [calling({ id: 'call_0', tool: 'reviewed', input: { amount: 5 } })]

/** What is no stored run, made of one that is. */
const broken: [string, (stored: string) => unknown][] = [
  ['nothing', () => undefined],
  ['no JSON', (stored) => stored.slice(1)],
  ['null', () => 'null'],
  ['an object of something else', () => '{"messages":[]}'],
  [
    'of a version that is not known',
    (stored) => stored.replace(/"\$schemaVersion":"[^"]*"/, '"$schemaVersion":"0.0"'),
  ],
  [
    'without its context',
    (stored) => JSON.stringify({ ...JSON.parse(stored), context: undefined }),
  ],
  [
    'with garbage in the place of its approvals',
    (stored) => stored.replace('"approvals":{}', '"approvals":{"reviewed":"yes"}'),
  ],
  ['of another agent', (stored) => stored.replaceAll('"agent"', '"nobody"')],
]

test.each(broken)(
  'a stored run that is %s is refused by name, with the cause, and runs nothing',
  async (_, change) => {
    const { agent, ask, guardOptions, ran } = await agentWith({ steps })
    const { state } = await ask()
    const stored = change(state.toString()) as string
    const refused = { code: 'LELU_CALL_INVALID', cause: expect.any(Error) }
    for (const restoring of [{}, { context: {} }]) {
      const resumed = resumeRun(agent, stored, guardOptions, restoring)
      await expect(resumed).rejects.toMatchObject(refused)
      const left = cancelAbandoned(agent, stored, guardOptions, restoring)
      await expect(left).rejects.toMatchObject(refused)
    }
    expect(ran()).toEqual([])
  },
)

test('what shows no suspended calls is refused by name, the stored text of a run among it', async () => {
  const { ask, guardOptions } = await agentWith({ steps })
  const { state } = await ask()
  for (const given of [state.toString(), JSON.parse(state.toString()), undefined, null, []]) {
    const pending = pendingApprovals(given, guardOptions)
    await expect(pending).rejects.toMatchObject({ code: 'LELU_CALL_INVALID' })
  }
  expect(await pendingApprovals(state, guardOptions)).toHaveLength(1)
})

test('tools that are no list are refused by name', async () => {
  const { guardOptions } = await agentWith({ steps })
  for (const given of [undefined, null, {}, 'tools']) {
    const guard = () => guardAgentTools(given as never, guardOptions)
    expect(guard).toThrow(expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }))
  }
})
