import { Agent, type FunctionTool, tool } from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { cancelAbandoned, resumeRun } from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { agentWith, answersOf, approveAll, openLelu, reviewer, type Setup } from './support.ts'

// The SDK ends the run for each refusal of a tool with an output schema, unless an errorFunction words it.

const parameters = z.object({ amount: z.number() })
const zodSchema = z.object({ total: z.number() })
const jsonSchema = {
  type: 'object' as const,
  properties: { total: { type: 'number' } },
  required: ['total'],
  additionalProperties: false as const,
}

const schemas = [
  ['zod', zodSchema],
  ['JSON Schema', jsonSchema],
] as const

function make(name: string, outputSchema: unknown, more: object = {}) {
  const ran: unknown[] = []
  const execute = (input: { amount: number }) => {
    ran.push(input)
    return { total: input.amount }
  }
  const options = { name, description: '', parameters, outputSchema, execute, ...more }
  return { ran, tool: tool(options as never) as unknown as FunctionTool }
}

const stepOf = (name: string, amount: unknown = 5) => [
  calling({ id: 'call_0', tool: name, input: { amount } }),
]

/** The only answer of the run, without the quotes that the SDK puts around each output. */
const answerOf = (result: { history: unknown[] }) =>
  JSON.parse(answersOf(result)[0]?.text ?? '""') as unknown

async function open(name: string, outputSchema: unknown, setup: Partial<Setup> = {}, more = {}) {
  const { ran, tool: one } = make(name, outputSchema, more)
  return { ...(await agentWith({ steps: stepOf(name), tools: [one], ...setup })), ranInputs: ran }
}

test.each(schemas)(
  'a denial of a tool with an output schema in %s is an answer',
  async (_, schema) => {
    const { ask, ranInputs } = await open('denied', schema)
    expect(answerOf(await ask())).toContain('Denied by policy')
    expect(ranInputs).toEqual([])
  },
)

test.each(schemas)('a call with %s that a reviewer denied is answered', async (_, schema) => {
  const { ask, resume, lelu, ranInputs } = await open('reviewed', schema)
  const stored = (await ask()).state.toString()
  const [waiting] = (await lelu.approvals.list()).approvals
  await lelu.approvals.review(waiting?.id ?? '', { verdict: 'deny', reviewer, reason: 'too much' })
  for (let round = 0; round < 2; round += 1) {
    expect(answerOf(await resume(stored))).toContain('too much')
  }
  expect(ranInputs).toEqual([])
})

test.each(schemas)('a call with %s that was left behind is answered', async (_, schema) => {
  const { ask, goOn, agent, guardOptions, lelu, ranInputs } = await open('reviewed', schema)
  const state = await cancelAbandoned(agent, (await ask()).state.toString(), guardOptions)
  state.addInput('Never mind.')
  expect(answerOf(await goOn(state))).toContain('the conversation went on')
  expect((await lelu.approvals.list()).approvals).toMatchObject([{ state: 'cancelled' }])
  expect(ranInputs).toEqual([])
})

test.each(schemas)(
  'with %s a call behind a gate of its own is answered, too',
  async (_, schema) => {
    const { ask, goOn, agent, guardOptions, ranInputs } = await open(
      'allowed',
      schema,
      {},
      { needsApproval: true },
    )
    const left = await cancelAbandoned(agent, (await ask()).state.toString(), guardOptions)
    // Nothing in the stored text would let another process run it.
    const state = await resumeRun(agent, left.toString(), guardOptions)
    state.addInput('Never mind.')
    expect(answerOf(await goOn(state))).toContain('the conversation went on')
    expect(ranInputs).toEqual([])
  },
)

test('a denied call with an output schema stays rejected where its tool is not guarded', async () => {
  const { ask, lelu, guardOptions, runner } = await open('reviewed', zodSchema)
  const stored = (await ask()).state.toString()
  const [waiting] = (await lelu.approvals.list()).approvals
  await lelu.approvals.review(waiting?.id ?? '', { verdict: 'deny', reviewer })
  const { tool: one, ran } = make('reviewed', zodSchema)
  const bare = new Agent({ name: 'agent', tools: [one], model: new ScriptedModel() })
  await runner.run(bare, await resumeRun(bare, stored, guardOptions)).catch(() => {})
  expect(ran).toEqual([])
})

test('a forged approval and arguments that are no JSON are answers with an output schema', async () => {
  const { ask, goOn } = await open('reviewed', zodSchema)
  const { state } = await ask()
  for (const item of state.getInterruptions()) state.approve(item)
  expect(answerOf(await goOn(state))).toContain('Waiting for a person')

  const steps = [calling({ id: 'call_0', tool: 'reviewed', input: { raw: '{"amount":' } })]
  const broken = await open('reviewed', zodSchema, { steps })
  const waits = await broken.ask()
  expect(answerOf(await broken.resume(waits.state.toString()))).toContain('Invalid input')
})

test('what the tool puts out is still held to its schema, also behind an output guardrail', async () => {
  const wrong = await open('allowed', zodSchema, {}, { execute: () => ({ total: 'five' }) })
  await expect(wrong.ask()).rejects.toMatchObject({ message: expect.stringContaining('Invalid') })
  const outputGuardrails = [
    {
      name: 'replace',
      run: async () => ({ behavior: { type: 'rejectContent', message: 'Hidden.' } }),
    },
  ]
  const replaced = await open('allowed', zodSchema, {}, { outputGuardrails })
  await expect(replaced.ask()).rejects.toMatchObject({
    message: expect.stringContaining('Invalid'),
  })
})

test('a tool with an errorFunction words its refusals itself', async () => {
  const errorFunction = (_: unknown, error: unknown) => ({ total: String(error).length })
  const { ask } = await open('denied', zodSchema, {}, { errorFunction })
  expect(answerOf(await ask())).toMatchObject({ total: expect.any(Number) })
})

test('a tool that was guarded twice, and one that runs, read as they would with one guard', async () => {
  const lelu = await openLelu()
  for (const name of ['denied', 'reviewed']) {
    const once = await open(name, zodSchema, { lelu, run: name })
    const tools = once.agent.tools as FunctionTool[]
    const twice = await agentWith({ lelu, run: name, steps: stepOf(name), tools })
    const result = await twice.ask()
    await approveAll(lelu)
    if (name === 'denied') expect(answerOf(result)).toContain('Denied by policy')
    else expect(answerOf(await twice.resume(result.state.toString()))).toEqual({ total: 5 })
  }
})
