import { type FunctionTool, tool } from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { calling } from './model.ts'
import { agentWith, answersOf, approveAll, openLelu, reviewer } from './support.ts'

const parameters = z.object({ amount: z.number() })
type Execute = (input: { amount: number }) => unknown
type More = Partial<Parameters<typeof tool>[0]>

function make(name: string, execute: Execute, more: More = {}): FunctionTool {
  const options = { name, description: '', parameters, execute, ...more }
  return tool(options as Parameters<typeof tool>[0]) as unknown as FunctionTool
}

const step = (name: string) => [calling({ id: 'call_0', tool: name, input: { amount: 1 } })]

function failing(): never {
  throw new TypeError('no such account')
}

/** The answer of a tool, as the SDK gives it without us. */
async function bareAnswer(execute: Execute, more: More = {}): Promise<unknown> {
  const { agent, goOn } = await agentWith({ steps: step('allowed'), tools: [] })
  agent.tools = [make('allowed', execute, more)]
  return historyOutput(await goOn('Go on.'))
}

const historyOutput = ({ history }: { history: unknown[] }) =>
  (history as { type?: string; output?: unknown }[]).find(
    ({ type }) => type === 'function_call_result',
  )?.output

const results: [string, Execute][] = [
  ['text', () => 'text'],
  ['an object', () => ({ a: 1 })],
  ['a list', () => [1, 2]],
  ['nothing', () => undefined],
  ['null', () => null],
  ['a part', () => ({ type: 'text', text: 'part' })],
  ['parts', () => [{ type: 'text', text: 'part' }]],
]

test.each(results)(
  '%s as a result reads as it does without us, also when it is replayed',
  async (_name, execute) => {
    const expected = await bareAnswer(execute)
    const allowed = await agentWith({ steps: step('allowed'), tools: [make('allowed', execute)] })
    expect(historyOutput(await allowed.ask())).toEqual(expected)

    const tools = [make('reviewed', execute)]
    const reviewed = await agentWith({ steps: step('reviewed'), tools })
    const stored = (await reviewed.ask()).state.toString()
    await approveAll(reviewed.lelu)
    expect(historyOutput(await reviewed.resume(stored))).toEqual(expected)
    expect(historyOutput(await reviewed.resume(stored))).toEqual(expected)
  },
)

test.each([
  ['the default', {}],
  ['its own', { errorFunction: (_context: unknown, error: unknown) => `Sorry: ${error}` }],
])('the error of a tool with %s error text reads as it does without us', async (_name, more) => {
  const expected = await bareAnswer(failing, more as More)
  const tools = ['allowed', 'reviewed'].map((name) => make(name, failing, more as More))
  const allowed = await agentWith({ steps: step('allowed'), tools })
  expect(historyOutput(await allowed.ask())).toEqual(expected)
  const reviewed = await agentWith({ steps: step('reviewed'), tools })
  const { state } = await reviewed.ask()
  await approveAll(reviewed.lelu)
  expect(historyOutput(await reviewed.resume(state.toString()))).toEqual(expected)
})

test('a tool that fails is on record as failed, and is not run again', async () => {
  let runs = 0
  const tools = [
    make('reviewed', () => {
      runs += 1
      return failing()
    }),
  ]
  const { ask, pending, resume, lelu } = await agentWith({ steps: step('reviewed'), tools })
  const result = await ask()
  const stored = result.state.toString()
  const [waiting] = await pending(result)
  await approveAll(lelu)
  await resume(stored)
  expect((await lelu.approvals.get(waiting?.approvalId ?? '')).state).toBe('failed')
  expect(answersOf(await resume(stored))[0]?.text).toContain('ran and failed')
  expect(runs).toBe(1)
})

test('an error that the tool wants thrown ends the run as it does without us', async () => {
  const tools = [make('allowed', failing, { errorFunction: null } as More)]
  const { ask } = await agentWith({ steps: step('allowed'), tools })
  await expect(ask()).rejects.toMatchObject({
    error: expect.objectContaining({ message: 'no such account' }),
  })
})

test.each(results)('the model is told of an edit before %s', async (_name, execute) => {
  const tools = [make('reviewed', execute)]
  const { ask, pending, resume, lelu } = await agentWith({ steps: step('reviewed'), tools })
  const result = await ask()
  const [waiting] = await pending(result)
  const id = waiting?.approvalId ?? ''
  await lelu.approvals.review(id, { verdict: 'approve', reviewer, input: { amount: 9 } })
  const stored = result.state.toString()
  const output = historyOutput(await resume(stored))
  expect(JSON.stringify(output)).toContain('A reviewer changed the input of this call')
  expect(historyOutput(await resume(stored))).toEqual(output)
})

test('an edited call whose result JSON cannot say has run, and is told with its edit', async () => {
  const row = Object.assign(Object.create(null), { id: 9007199254740993n })
  const tools = [make('reviewed', () => [row])]
  const { ask, pending, resume, lelu } = await agentWith({ steps: step('reviewed'), tools })
  const result = await ask()
  const id = (await pending(result))[0]?.approvalId ?? ''
  await lelu.approvals.review(id, { verdict: 'approve', reviewer, input: { amount: 9 } })
  const text = answersOf(await resume(result.state.toString()))[0]?.text
  expect(text).toMatch(/^A reviewer changed .*\n\[\{"id":9007199254740993\}\]$/)
  expect((await lelu.approvals.get(id)).state).toBe('completed')
})

test('a result that is too large to keep is not run again to get it', async () => {
  let runs = 0
  const tools = [make('reviewed', () => `${++runs}`.padEnd(70_000, '.'))]
  const { ask, resume, lelu } = await agentWith({ steps: step('reviewed'), tools })
  const stored = (await ask()).state.toString()
  await approveAll(lelu)
  await resume(stored)
  expect(answersOf(await resume(stored))[0]?.text).toContain('is completed')
  expect(runs).toBe(1)
})

test('the policy is asked once about an allowed call, and twice about an approved one', async () => {
  const asked: string[] = []
  const base = (await openLelu()).policy
  const evaluate: typeof base.evaluate = (input) => {
    asked.push(input.action)
    return base.evaluate(input)
  }
  const lelu = await openLelu({ policies: { ...base, evaluate } })
  const calls = ['allowed', 'reviewed', 'denied'].map((name) => ({
    id: name,
    tool: name,
    input: { amount: 1 },
  }))
  const { ask, resume } = await agentWith({ lelu, steps: [calling(...calls)] })
  const { state } = await ask()
  expect(asked.sort()).toEqual(['allowed', 'denied', 'reviewed'])
  await approveAll(lelu)
  await resume(state.toString())
  expect(asked.filter((name) => name === 'reviewed')).toHaveLength(2)
  expect(asked).toHaveLength(4)
})
