import { type FunctionTool, tool } from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { outcomesOf } from '../log-of.ts'
import { calling } from './model.ts'
import { agentWith, answersOf, reviewer } from './support.ts'

let runs = 0

function make(name: string, parameters: z.ZodObject, more: object = {}): FunctionTool[] {
  runs = 0
  const execute = () => `number ${++runs}`
  const options = { name, description: '', parameters, execute, ...more }
  return [tool(options as never) as unknown as FunctionTool]
}

const stepsOf = (name: string) => [calling({ id: 'call_0', tool: name, input: { amount: 5 } })]

test('an edit that the tool does not take is an answer, and on record as not run', async () => {
  const parameters = z.object({ amount: z.number().refine((amount) => amount < 100) })
  const tools = make('reviewed', parameters, { errorFunction: null })
  const { ask, resume, lelu } = await agentWith({ steps: stepsOf('reviewed'), tools })
  const stored = (await ask()).state.toString()
  const [waiting] = (await lelu.approvals.list()).approvals
  const edit = { verdict: 'approve' as const, reviewer, input: { amount: 500 } }
  await lelu.approvals.review(waiting?.id ?? '', edit)
  const done = await resume(stored)
  expect(done).toMatchObject({ finalOutput: 'Finished.' })
  expect(answersOf(done)[0]?.text).toContain('does not pass the schema of the tool')
  expect(outcomesOf(lelu)).toEqual(['not_run'])
  expect(answersOf(await resume(stored))[0]?.text).not.toContain('ran and failed')
  expect(runs).toBe(0)
})

test.each([{}, { errorFunction: null }])(
  'a schema that changes its answer is on record as not run (%j)',
  async (more) => {
    let asked = 0
    const parameters = z.object({
      amount: z.preprocess((amount) => Number(amount) + ++asked, z.number()),
    })
    const tools = make('allowed', parameters, more)
    const { ask, lelu } = await agentWith({ steps: stepsOf('allowed'), tools })
    await expect(ask()).rejects.toMatchObject({ error: { code: 'LELU_TOOL_UNSUPPORTED' } })
    expect(outcomesOf(lelu)).toEqual(['not_run'])
    expect(runs).toBe(0)
  },
)
