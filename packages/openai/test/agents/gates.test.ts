import { suitePolicy } from '@lelu/testing/fakes'
import type { FunctionTool } from '@openai/agents'
import { expect, test } from 'vitest'
import { calling } from './model.ts'
import {
  agentWith,
  answersOf,
  approveAll,
  createTools,
  openLelu,
  temporaryFolder,
} from './support.ts'

const call = (tool: string) => ({ id: tool, tool, input: { amount: '5' } })
const allow = { behavior: { type: 'allow' as const } }

function toolsWith(directory: string, more: Partial<FunctionTool>): FunctionTool[] {
  return createTools(directory).map((tool) => ({ ...tool, ...more }))
}

test('a gate of the tool itself stays in force, and sees what the tool gets', async () => {
  const directory = temporaryFolder()
  const asked: unknown[] = []
  const tools = toolsWith(directory, {
    needsApproval: async (_context, input) => asked.push(input) > 0,
  })
  const steps = [calling(call('allowed'))]
  const { ask, goOn, pending, resume, ran } = await agentWith({ steps, tools, directory })
  const result = await ask()
  expect(await pending(result)).toEqual([])
  expect(asked).toEqual([{ amount: 5, note: 'none' }])
  const still = await resume(result.state.toString())
  expect(ran()).toEqual([])
  for (const item of still.state.getInterruptions()) still.state.approve(item)
  expect(answersOf(await goOn(still.state))).toEqual([{ id: 'allowed', text: 'allowed did 5' }])
})

test('a call that its own gate held runs when the host says so, whatever the gate says by then', async () => {
  const directory = temporaryFolder()
  let gate = true
  const tools = toolsWith(directory, { needsApproval: async () => gate })
  const steps = [calling(call('allowed'), call('reviewed'))]
  const { ask, goOn, ran, lelu } = await agentWith({ steps, tools, directory })
  const { state } = await ask()
  gate = false
  for (const item of state.getInterruptions()) state.approve(item)
  const [allowed, reviewed] = answersOf(await goOn(state))
  expect(allowed?.text).toBe('allowed did 5')
  expect(reviewed?.text).toContain('Waiting for a person')
  expect(ran()).toHaveLength(1)
  expect((await lelu.approvals.list({ state: 'pending' })).approvals).toHaveLength(1)
})

test('while the gate of the tool holds a call up its decision is not kept: a new policy decides', async () => {
  const directory = temporaryFolder()
  const tools = toolsWith(directory, { needsApproval: async () => true })
  let strict = false
  const evaluate: typeof suitePolicy.evaluate = (input) =>
    suitePolicy.evaluate(strict ? { ...input, action: 'denied' } : input)
  const lelu = await openLelu({ policies: { ...suitePolicy, evaluate } })
  const steps = [calling(call('allowed'))]
  const { ask, goOn, ran } = await agentWith({ steps, tools, directory, lelu })
  const { state } = await ask()
  strict = true
  for (const item of state.getInterruptions()) state.approve(item)
  expect(answersOf(await goOn(state))[0]?.text).toContain('Denied by policy')
  expect(ran()).toEqual([])
})

test('a gate of the tool and the policy together ask once, and the store has the say', async () => {
  const directory = temporaryFolder()
  const tools = toolsWith(directory, { needsApproval: async () => true })
  const steps = [calling(call('reviewed'))]
  const { ask, goOn, pending, resume, ran, lelu } = await agentWith({ steps, tools, directory })
  const result = await ask()
  const stored = result.state.toString()
  expect(await pending(result)).toHaveLength(1)
  for (const item of result.state.getInterruptions()) result.state.approve(item)
  expect(answersOf(await goOn(result.state))[0]?.text).toContain('Waiting for a person')
  await approveAll(lelu)
  expect(answersOf(await resume(stored))[0]?.text).toBe('reviewed did 5')
  expect(answersOf(await resume(stored))[0]?.text).toBe('reviewed did 5')
  expect(ran()).toHaveLength(1)
})

test('what a policy would deny is refused before the gate of the tool asks anybody', async () => {
  const directory = temporaryFolder()
  const tools = toolsWith(directory, { needsApproval: async () => true })
  const { ask } = await agentWith({ steps: [calling(call('denied'))], tools, directory })
  expect(answersOf(await ask())[0]?.text).toContain('Denied by policy')
})

test('a guardrail of the tool that rejects an allowed call leaves nothing behind', async () => {
  const directory = temporaryFolder()
  const rejecting = {
    type: 'tool_input' as const,
    name: 'no',
    run: async () => ({ behavior: { type: 'rejectContent' as const, message: 'Not today.' } }),
  }
  const tools = toolsWith(directory, { inputGuardrails: [rejecting] })
  const { ask, ran, lelu } = await agentWith({
    steps: [calling(call('allowed'))],
    tools,
    directory,
  })
  expect(answersOf(await ask())).toEqual([{ id: 'allowed', text: 'Not today.' }])
  expect(ran()).toEqual([])
  await lelu.close()
})

test('a refusal is not taken for an output of the tool', async () => {
  const directory = temporaryFolder()
  const outputs: unknown[] = []
  const watching = {
    type: 'tool_output' as const,
    name: 'watch',
    async run({ output }: { output: unknown }) {
      outputs.push(output)
      return allow
    },
  }
  const tools = toolsWith(directory, { outputGuardrails: [watching] })
  const steps = [calling(call('denied'), call('allowed'), call('reviewed'))]
  const { ask, goOn } = await agentWith({ steps, tools, directory })
  const { state } = await ask()
  for (const item of state.getInterruptions()) state.approve(item)
  const done = await goOn(state)
  expect(answersOf(done)).toHaveLength(3)
  expect(outputs).toEqual(['allowed did 5'])
})
