import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, type FunctionTool, RunContext, Runner, tool, toolNamespace } from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  type AgentGuardOptions,
  guardAgentTool,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { answersOf, approveAll, openLelu, subject, temporaryFolder } from './support.ts'

const parameters = z.object({ amount: z.number() })
const runner = new Runner({ tracingDisabled: true })

function policyOf(rego: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'policy.rego'), rego)
  return folder
}

/** A tool of the same name in each namespace; each says where it ran. */
async function twoSystems(rego?: string) {
  const lelu = await openLelu(rego === undefined ? {} : { policies: policyOf(rego) })
  const options: AgentGuardOptions = { lelu, subject, run: 'conversation-1' }
  const ran: string[] = []
  const reviewed = (system: string): FunctionTool =>
    tool({
      name: 'reviewed',
      description: 'Pays.',
      parameters,
      execute: ({ amount }) => {
        ran.push(`${system} ${amount}`)
        return `${system} did ${amount}`
      },
    }) as unknown as FunctionTool
  const inNamespace = (name: string) =>
    toolNamespace({
      name,
      description: `The ${name} system.`,
      tools: [guardAgentTool(reviewed(name), options)],
    })
  const agent = (...steps: ReturnType<typeof calling>[]) =>
    new Agent({
      name: 'agent',
      tools: [...inNamespace('test'), ...inNamespace('prod')],
      model: new ScriptedModel(...steps),
    })
  return { lelu, options, ran, agent, inNamespace }
}

const call = (namespace: string) =>
  calling({ id: 'call_0', tool: 'reviewed', namespace, input: { amount: 5 } })

test('an approved call of one namespace runs nothing of the tool with its name in another', async () => {
  const { lelu, options, ran, agent } = await twoSystems()
  const first = await runner.run(agent(call('test')), 'Try it in the test system.')
  await approveAll(lelu)
  // A later run, in which the model uses the same id and the same arguments.
  const second = await runner.run(agent(call('prod')), 'And now in prod.')
  expect(ran).toEqual([])
  expect(await pendingApprovals(second, options)).toEqual([
    { approvalId: expect.any(String), tool: 'reviewed', namespace: 'prod', callId: 'call_0' },
  ])

  const resumed = agent()
  const done = await runner.run(resumed, await resumeRun(resumed, first.state.toString(), options))
  expect(answersOf(done)).toEqual([{ id: 'call_0', text: 'test did 5' }])
  expect(ran).toEqual(['test 5'])
})

test('a policy and a reviewer see the namespace of the tool as its server', async () => {
  const rego = `package lelu.authz
import rego.v1
allow if input.tool.server == "test"
require_approval if input.tool.server == "prod"`
  const { lelu, ran, agent } = await twoSystems(rego)
  await runner.run(agent(call('test')), 'Go on.')
  expect(ran).toEqual(['test 5'])
  await runner.run(agent(call('prod')), 'Go on.')
  expect(ran).toEqual(['test 5'])
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ request }) => request.call)).toEqual([
    expect.objectContaining({ tool: 'reviewed', server: 'prod' }),
  ])
})

test('a provider that writes the namespace into the name makes the same call', async () => {
  const { lelu, options, ran, agent } = await twoSystems()
  const flat = calling({ id: 'call_0', tool: 'prod.reviewed', input: { amount: 5 } })
  const { state } = await runner.run(agent(flat), 'Go on.')
  expect(await approveAll(lelu)).toBe(1)
  const resumed = agent()
  await runner.run(resumed, await resumeRun(resumed, state.toString(), options))
  expect(ran).toEqual(['prod 5'])
})

test('an approval in the state of the run for a tool of a namespace runs nothing', async () => {
  const { lelu, ran, agent } = await twoSystems()
  const asking = agent(call('prod'))
  const { state } = await runner.run(asking, 'Go on.')
  for (const item of state.getInterruptions()) state.approve(item, { alwaysApprove: true })
  const done = await runner.run(asking, state)
  expect(answersOf(done)[0]?.text).toContain('Waiting for a person')
  expect(ran).toEqual([])
  expect(await approveAll(lelu)).toBe(1)
})

test('a tool refuses a call that names another namespace', async () => {
  const { ran, inNamespace } = await twoSystems()
  const [prod] = inNamespace('prod')
  const [toolCall] = call('test')
  const invoked = prod?.invoke(new RunContext(), '{"amount":5}', { toolCall } as never)
  await expect(invoked).rejects.toMatchObject({ code: 'LELU_CALL_INVALID' })
  expect(ran).toEqual([])
})
