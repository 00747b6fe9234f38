import { type FunctionTool, tool } from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfidenceReader } from '../../src/agents/index.ts'
import { calling } from './model.ts'
import { agentWith, answersOf, approveAll, openLelu } from './support.ts'

const reader: ConfidenceReader = Object.assign(() => undefined, {
  added: { name: 'sure', schema: { type: 'number' } },
})

function make(name: string, parameters: z.ZodObject) {
  const seen: unknown[] = []
  const execute = (input: unknown) => `number ${seen.push(input)}`
  const made = tool({ name, description: '', parameters, execute } as never)
  return { seen, tools: [made as unknown as FunctionTool] }
}

const stepsOf = (name: string, raw: string) => [
  calling({ id: 'call_0', tool: name, input: { raw } }),
]

const zeros = [
  ['{"amount":"-0"}', z.object({ amount: z.coerce.number() })],
  ['{"amount":-0.0}', z.object({ amount: z.number() })],
  ['{"amount":-0.4}', z.object({ amount: z.preprocess((n) => Math.round(Number(n)), z.number()) })],
] as const

test.each(zeros)('the arguments %s, which the schema makes -0 of, run', async (raw, parameters) => {
  const allowed = make('allowed', parameters)
  const { ask } = await agentWith({ steps: stepsOf('allowed', raw), tools: allowed.tools })
  expect(answersOf(await ask())).toEqual([{ id: 'call_0', text: 'number 1' }])

  const reviewed = make('reviewed', parameters)
  const other = await agentWith({ steps: stepsOf('reviewed', raw), tools: reviewed.tools })
  const stored = (await other.ask()).state.toString()
  await approveAll(other.lelu)
  expect(answersOf(await other.resume(stored))).toEqual([{ id: 'call_0', text: 'number 1' }])
})

test.each(['allowed', 'reviewed'])(
  'a number that no double holds does not become null on its way to the tool %s',
  async (name) => {
    for (const raw of ['{"limit":1e999}', '{"limit":1e999,"sure":0.9}']) {
      const { seen, tools } = make(name, z.object({ limit: z.number().nullable() }))
      const options = { confidence: reader }
      const { ask, lelu } = await agentWith({ steps: stepsOf(name, raw), tools, options })
      const done = await ask()
      expect(done).toMatchObject({ finalOutput: 'Finished.' })
      expect(answersOf(done)[0]?.text).not.toContain('number')
      expect((await lelu.approvals.list()).approvals).toEqual([])
      expect(seen).toEqual([])
    }
  },
)

test('arguments that differ in such a number alone are two calls, whatever their ids, and a reader sees which', async () => {
  const texts: unknown[] = []
  const confidence: ConfidenceReader = ({ call }) => {
    texts.push(call.text)
    return undefined
  }
  const wide = z.preprocess((n) => (n === Infinity ? 'any' : n), z.string().nullable())
  const lelu = await openLelu()
  const inputs = ['{"limit":null}', '{"limit":1e999}']
  for (const raw of inputs) {
    // Two runs of one conversation: within one, the SDK refuses an id that is used again.
    const { tools } = make('reviewed', z.object({ limit: wide }))
    const steps = stepsOf('reviewed', raw)
    await (await agentWith({ lelu, steps, tools, options: { confidence } })).ask()
  }
  const { approvals } = await lelu.approvals.list({ state: 'pending' })
  const asked = approvals.map(({ request }) => request.call.input)
  expect(asked).toHaveLength(2)
  expect(asked).toEqual(expect.arrayContaining([{ limit: null }, { limit: 'any' }]))
  expect(texts).toEqual(inputs)
})
