import {
  Agent,
  type AgentOutputItem,
  type FunctionTool,
  Runner,
  tool,
  toolNamespace,
  toolSearchTool,
} from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  type AgentGuardOptions,
  guardAgentTool,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { answersOf, approveAll, openLelu, reviewer, subject } from './support.ts'

const parameters = z.object({ amount: z.coerce.number() })
const runner = new Runner({ tracingDisabled: true })

const made = (name: string, settings: object = {}): FunctionTool =>
  tool({
    name,
    description: 'Pays.',
    parameters,
    execute: ({ amount }) => `${name} did ${amount}`,
    ...settings,
  }) as unknown as FunctionTool

async function openGuard() {
  const lelu = await openLelu()
  const options: AgentGuardOptions = { lelu, subject, run: 'conversation-1' }
  return { lelu, options }
}

/** What the provider answers when the model has looked for tools. */
const found = (name: string) =>
  [
    { type: 'tool_search_call', id: 's', status: 'completed', arguments: {}, execution: 'server' },
    {
      type: 'tool_search_output',
      id: 'o',
      status: 'completed',
      execution: 'server',
      tools: [{ type: 'function', name, parameters: {}, defer_loading: true }],
    },
  ] as unknown as AgentOutputItem[]

const call = (tool: string, namespace?: string) =>
  calling({ id: 'call_0', tool, input: { amount: '5' }, ...(namespace && { namespace }) })

test.each([
  ['by its name', undefined],
  ['in a namespace of its name', 'allowed'],
])('a tool that is loaded when it is found runs, called %s', async (_, namespace) => {
  const { options } = await openGuard()
  const deferred = guardAgentTool(made('allowed', { deferLoading: true }), options)
  const model = new ScriptedModel([...found('allowed'), ...call('allowed', namespace)])
  const agent = new Agent({ name: 'agent', tools: [deferred, toolSearchTool()], model })
  const done = await runner.run(agent, 'Go on.')
  expect(answersOf(done)).toEqual([{ id: 'call_0', text: 'allowed did 5' }])
})

test('a tool that only programs of the provider may call is decided as any', async () => {
  const { options } = await openGuard()
  const ran: unknown[] = []
  const execute = ({ amount }: { amount: number }) => ran.push(amount)
  const forPrograms = made('allowed', { allowedCallers: ['programmatic'], execute })
  const calls = call('allowed').map((one) => ({
    ...one,
    caller: { type: 'program', callerId: 'p' },
  }))
  const model = new ScriptedModel(calls as unknown as AgentOutputItem[])
  const tools = [guardAgentTool(forPrograms, options)]
  await runner.run(new Agent({ name: 'agent', tools, model }), 'Go on.')
  expect(ran).toEqual([5])
})

type Guarding = (tools: FunctionTool[], options: AgentGuardOptions) => FunctionTool[]

const inNamespace = (tools: FunctionTool[]) =>
  toolNamespace({ name: 'crm', description: 'The customers.', tools })

const orders: [string, Guarding][] = [
  ['before', (tools, options) => inNamespace(guardAgentTools(tools, options))],
  ['after', (tools, options) => guardAgentTools(inNamespace(tools), options)],
  [
    'before and after',
    (tools, options) => guardAgentTools(inNamespace(guardAgentTools(tools, options)), options),
  ],
]

test.each(orders)(
  'a tool that was guarded %s it was put into a namespace is decided, resumed and refused as any',
  async (_, guarding) => {
    const { lelu, options } = await openGuard()
    const open = (...steps: AgentOutputItem[][]) =>
      new Agent({
        name: 'agent',
        tools: guarding([made('allowed'), made('reviewed')], options),
        model: new ScriptedModel(...steps),
      })
    const done = await runner.run(open(call('allowed', 'crm')), 'Go on.')
    expect(answersOf(done)).toEqual([{ id: 'call_0', text: 'allowed did 5' }])

    const resume = async (stored: string) => {
      const agent = open()
      return answersOf(await runner.run(agent, await resumeRun(agent, stored, options)))
    }
    const approved = await runner.run(open(call('reviewed', 'crm')), 'Go on.')
    expect(await approveAll(lelu)).toBe(1)
    expect(await resume(approved.state.toString())).toEqual([
      { id: 'call_0', text: 'reviewed did 5' },
    ])

    const denied = await runner.run(open(call('reviewed', 'crm')), 'Go on.')
    for (const { approvalId } of await pendingApprovals(denied, options)) {
      const reason = 'too much money'
      await lelu.approvals.review(approvalId, { verdict: 'deny', reviewer, reason })
    }
    expect(await resume(denied.state.toString())).toEqual([
      { id: 'call_0', text: expect.stringContaining('denied this call: too much money') },
    ])
  },
)

test('a gate that was put on a guarded tool stays when the tool is guarded once more', async () => {
  const { options } = await openGuard()
  const gated = { ...guardAgentTool(made('allowed'), options), needsApproval: async () => true }
  const model = new ScriptedModel(call('allowed'))
  const agent = new Agent({ name: 'agent', tools: [guardAgentTool(gated, options)], model })
  const { state, interruptions } = await runner.run(agent, 'Go on.')
  expect(interruptions).toHaveLength(1)
  for (const item of state.getInterruptions()) state.approve(item)
  const done = await runner.run(agent, state)
  expect(answersOf(done)).toEqual([{ id: 'call_0', text: 'allowed did 5' }])
})
