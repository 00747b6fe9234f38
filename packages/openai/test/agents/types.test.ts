import { Agent, type FunctionTool, Runner, type RunState, tool } from '@openai/agents'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type AgentGuardOptions,
  type GuardedCall,
  guardAgentTool,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { openLelu, subject } from './support.ts'

const parameters = z.object({ amount: z.number(), note: z.string().nullable() })
const pay = () =>
  tool({
    name: 'pay',
    description: 'Pays.',
    parameters,
    execute: ({ amount }) => amount,
    timeoutMs: 1000,
    isEnabled: true,
  })
const search = () =>
  tool({ name: 'search', description: '', parameters: z.object({}), execute: () => 'found' })

type App = { conversationId: string }

test('name, description, schema, settings and type of a tool survive', async () => {
  const lelu = await openLelu()
  const options = { lelu, subject, run: 'run-1' }
  const original = pay()
  const guarded = guardAgentTool(original, options)
  const { invoke: _a, needsApproval: _b, inputGuardrails: _c, ...expected } = original
  const { invoke: _d, needsApproval: _e, inputGuardrails: _f, ...found } = guarded
  expect(found).toEqual(expected)
  expect(JSON.stringify(guarded.parameters)).toBe(JSON.stringify(original.parameters))
  expectTypeOf(guarded).toEqualTypeOf(original)

  const list = guardAgentTools([original, search()], options)
  expect(list.map(({ name }) => name)).toEqual(['pay', 'search'])
  expectTypeOf(list[0]).toEqualTypeOf(original)
  expectTypeOf(list[1]).toEqualTypeOf(search())
})

test('guarded tools fit agents, and the context of the host reaches the options', async () => {
  const lelu = await openLelu()
  const options: AgentGuardOptions<App> = {
    lelu,
    subject: (call) => {
      expectTypeOf(call).toEqualTypeOf<GuardedCall<App>>()
      return subject
    },
    run: (call) => call.context.conversationId,
  }
  const agent = new Agent<App>({
    name: 'agent',
    tools: guardAgentTools([pay(), search()], options),
  })
  const kept = guardAgentTools([pay(), search()], options)
  expectTypeOf(new Agent<App>({ name: 'agent', tools: kept })).toEqualTypeOf(agent)
  const inferred = guardAgentTool(pay(), {
    lelu,
    subject,
    run: (call: GuardedCall<App>) => call.context.conversationId,
  })
  expectTypeOf(inferred).toExtend<FunctionTool<App, typeof parameters, unknown>>()
  expectTypeOf(resumeRun(agent, '', options).catch(() => undefined)).resolves.toEqualTypeOf<
    RunState<App, Agent<App>> | undefined
  >()
  const typed = new Agent({ name: 'typed', outputType: z.object({ ok: z.boolean() }) })
  const show = async () => {
    const result = await new Runner().run(agent, '', { context: { conversationId: 'c' } })
    await pendingApprovals(result, options)
    await pendingApprovals(result.state, options)
    const streamed = await new Runner().run(typed, '', { stream: true })
    await pendingApprovals(streamed, options)
    await resumeRun(typed, '', options)
    await resumeRun(agent, '', options, { context: { conversationId: 'c' } })
    // @ts-expect-error the context of another app
    await resumeRun(agent, '', options, { context: { id: 'c' } })
  }
  expectTypeOf(show).returns.toEqualTypeOf<Promise<void>>()
  // @ts-expect-error without a run nothing tells one conversation from another
  expect(() => guardAgentTool(pay(), { lelu, subject })).toThrow('run')
})

test('a tool that is guarded twice by one engine is decided once', async () => {
  const lelu = await openLelu()
  const options = { lelu, subject, run: 'run-1' }
  const twice = guardAgentTool(guardAgentTool(pay(), options), options)
  expect(twice.inputGuardrails).toHaveLength(1)
})
