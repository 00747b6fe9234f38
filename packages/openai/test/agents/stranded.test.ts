import { suitePolicy } from '@lelu/testing/fakes'
import {
  type AgentOutputItem,
  applyPatchTool,
  type FunctionTool,
  hostedMcpTool,
  shellTool,
  type Tool,
} from '@openai/agents'
import { expect, test } from 'vitest'
import { cancelAbandoned } from '../../src/agents/index.ts'
import { calling } from './model.ts'
import {
  agentWith,
  answersOf,
  approveAll,
  createTools,
  openLelu,
  temporaryFolder,
} from './support.ts'

// Calls that the SDK would never take up again: nobody is asked about them, and no gate holds the next message up.

const call = { id: 'call_0', tool: 'allowed', input: { amount: 5 } }
const refused =
  'The call of allowed needs a person, and could not be resumed here. The tool was not run.'

function gatedTools(directory: string): FunctionTool[] {
  return createTools(directory).map((tool) => ({ ...tool, needsApproval: async () => true }))
}

test('a call behind a gate of its tool that the policy wants reviewed meanwhile is ended, and nobody is asked', async () => {
  const directory = temporaryFolder()
  let strict = false
  const evaluate: typeof suitePolicy.evaluate = (input) =>
    suitePolicy.evaluate(strict ? { ...input, action: 'reviewed' } : input)
  const lelu = await openLelu({ policies: { ...suitePolicy, evaluate } })
  const tools = gatedTools(directory)
  const { ask, goOn, ran } = await agentWith({ steps: [calling(call)], lelu, tools, directory })
  const { state } = await ask()
  strict = true
  for (const item of state.getInterruptions()) state.approve(item)
  expect(answersOf(await goOn(state))).toEqual([{ id: 'call_0', text: refused }])
  expect(await approveAll(lelu)).toBe(0)
  expect((await lelu.approvals.list()).approvals).toMatchObject([{ state: 'cancelled' }])
  expect(ran()).toEqual([])
})

test('a new message is answered though a call waited behind a gate of its tool alone', async () => {
  const directory = temporaryFolder()
  const tools = gatedTools(directory)
  const steps = [calling(call, { ...call, id: 'call_1', tool: 'reviewed' })]
  const { ask, goOn, agent, guardOptions, ran } = await agentWith({ steps, tools, directory })
  const state = await cancelAbandoned(agent, (await ask()).state.toString(), guardOptions)
  state.addInput('Never mind.')
  const done = await goOn(state)
  const [own, reviewed] = answersOf(done)
  expect(own?.text).toBe(
    'Not run: The call was cancelled: the conversation went on without it. Do not retry the same call.',
  )
  // One wording for all that was left behind.
  expect(reviewed?.text).toBe(own?.text)
  expect(done).toMatchObject({ finalOutput: 'Finished.', interruptions: [] })
  expect(ran()).toEqual([])
})

test('so it is for a tool that nobody guards, and for arguments that are no JSON', async () => {
  const directory = temporaryFolder()
  const steps = [calling({ ...call, input: { raw: '{"amount":' } }, { ...call, id: 'call_1' })]
  const { ask, goOn, agent, guardOptions, ran } = await agentWith({ steps, tools: [], directory })
  agent.tools = gatedTools(directory)
  const state = await cancelAbandoned(agent, (await ask()).state.toString(), guardOptions)
  state.addInput('Never mind.')
  const done = await goOn(state)
  expect(done).toMatchObject({ finalOutput: 'Finished.', interruptions: [] })
  expect(ran()).toEqual([])
})

function neverRuns(): never {
  throw new Error('A call that was left behind has run.')
}

const shell = shellTool({ shell: { run: neverRuns }, needsApproval: true })
const editor = { createFile: neverRuns, updateFile: neverRuns, deleteFile: neverRuns }
const patch = applyPatchTool({ editor, needsApproval: true })
const server = { serverLabel: 'one', serverUrl: 'https://one.example' }
const hosted = hostedMcpTool({ ...server, requireApproval: 'always' })
const ended = { id: 'call_0', callId: 'call_0', status: 'completed' as const }
const request = { type: 'mcp_approval_request', id: 'call_0', server_label: 'one', name: 'pay' }

test.each<[Tool, object]>([
  [shell, { type: 'shell_call', action: { commands: ['ls'] } }],
  [patch, { type: 'apply_patch_call', operation: { type: 'delete_file', path: 'a' } }],
  [hosted, { type: 'hosted_tool_call', name: request.type, providerData: request }],
])('so it is for a call of another kind of tool (%#)', async (tool, call) => {
  const steps = [[{ ...ended, ...call } as AgentOutputItem]]
  const { ask, goOn, agent, guardOptions } = await agentWith({ steps, tools: [] })
  agent.tools = [tool]
  const state = await cancelAbandoned(agent, (await ask()).state.toString(), guardOptions)
  state.addInput('Never mind.')
  const done = await goOn(state)
  expect(done).toMatchObject({ finalOutput: 'Finished.', interruptions: [] })
  expect(JSON.stringify(done.history)).toContain('the conversation went on without it')
})
