import { createRequire } from 'node:module'
import * as imported from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  cancelAbandoned,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { answersOf, approveAll, openLelu, subject } from './support.ts'

// What `require` gives an app in CommonJS is another copy of the SDK than the one that `import` gives.
const required = createRequire(import.meta.url)('@openai/agents') as typeof imported
required.setTracingDisabled(true)

const parameters = z.object({ amount: z.coerce.number() })

async function openChat({ Agent, Runner, tool }: typeof imported) {
  const lelu = await openLelu()
  const options = { lelu, subject, run: 'conversation-1' }
  const ran: unknown[] = []
  const made = (name: string) =>
    tool({
      name,
      description: 'Pays.',
      parameters,
      execute: ({ amount }) => `${name} is number ${ran.push({ name, amount })}`,
    })
  const steps = ['allowed', 'reviewed', 'denied'].map(
    (name) => calling({ id: name, tool: name, input: { amount: '5' } })[0],
  )
  const open = (...answers: ReturnType<typeof calling>[]) => {
    const tools = guardAgentTools([made('allowed'), made('reviewed'), made('denied')], options)
    return new Agent({ name: 'agent', tools, model: new ScriptedModel(...answers) })
  }
  const runner = new Runner({ tracingDisabled: true })
  const ask = () => runner.run(open(steps.flatMap((step) => step ?? [])), 'Go on.')
  return { lelu, options, ran, open, runner, ask }
}

test.each([
  ['imported', imported],
  ['required', required],
])('a run of an SDK that is %s is decided, suspended and resumed', async (_, sdk) => {
  const { lelu, options, ran, open, runner, ask } = await openChat(sdk)
  const asked = await ask()
  expect(ran).toEqual([{ name: 'allowed', amount: 5 }])
  expect(await pendingApprovals(asked, options)).toMatchObject([{ tool: 'reviewed' }])
  await approveAll(lelu)
  const agent = open()
  const state = await resumeRun(agent, asked.state.toString(), options, { context: {} })
  expect(state).toBeInstanceOf(sdk.RunState)
  expect(answersOf(await runner.run(agent, state)).at(-1)?.text).toBe('reviewed is number 2')
  expect(ran).toHaveLength(2)
})

test('a run of a required SDK goes on when the user did not wait', async () => {
  const { options, ran, open, runner, ask } = await openChat(required)
  const stored = (await ask()).state.toString()
  const agent = open()
  const state = await cancelAbandoned(agent, stored, options)
  state.addInput('Never mind.')
  expect((await runner.run(agent, state)).finalOutput).toBe('Finished.')
  expect(ran).toHaveLength(1)
})
