import { Command } from '@langchain/langgraph'
import type { ConfidenceSignal, DecisionRequest } from '@lelu/engine'
import { type ToolRuntime, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { pendingApprovals } from '../src/index.ts'
import {
  agentWith,
  approve,
  ask,
  calling,
  config,
  guardedAgent,
  openLelu,
  reviewer,
  toolMessages,
  waitingId,
} from './support.ts'

test('an allowed call runs once, on the input that its schema made of the arguments', async () => {
  const lelu = await openLelu()
  const { agent, ran } = agentWith({
    lelu,
    answers: [calling({ name: 'allowed', args: { amount: '5' } })],
  })
  const result = await agent.invoke(ask, config)
  expect(ran).toEqual([{ tool: 'allowed', input: { amount: 5, note: 'none' } }])
  expect(toolMessages(result).call_0).toMatchObject({ content: 'allowed did 5', status: 'success' })
})

test('a denied call never runs, and the model reads why', async () => {
  const lelu = await openLelu()
  const { agent, ran, model } = agentWith({ lelu, answers: [calling({ name: 'denied' })] })
  const result = await agent.invoke(ask, config)
  expect(ran).toEqual([])
  const message = toolMessages(result).call_0
  expect(message?.status).toBe('error')
  expect(message?.text).toBe('Denied by policy: No rule allows this action. The call did not run.')
  expect(model.calls[1]?.messages.at(-1)?.text).toBe(message?.text)
})

test('a call that needs approval suspends the run, names its approval and runs nothing', async () => {
  const lelu = await openLelu()
  const { agent, ran } = agentWith({ lelu, answers: [calling({ name: 'reviewed' })] })
  const result = await agent.invoke(ask, config)
  const [pending] = pendingApprovals(result)
  expect(pending?.tool).toBe('reviewed')
  const approval = await lelu.approvals.get(waitingId(result))
  expect(approval.state).toBe('pending')
  expect(approval.request.call).toMatchObject({
    tool: 'reviewed',
    input: { amount: 5, note: 'none' },
  })
  expect(approval.request.run).toBe('thread-1')
  expect(ran).toEqual([])
})

test('the interrupt has the shape that human-in-the-loop interfaces render', async () => {
  const lelu = await openLelu()
  const { agent } = agentWith({ lelu, answers: [calling({ name: 'reviewed' })] })
  const result = (await agent.invoke(ask, config)) as { __interrupt__?: { value: unknown }[] }
  expect(result.__interrupt__?.[0]?.value).toMatchObject({
    actionRequests: [{ name: 'reviewed', args: { amount: 5, note: 'none' } }],
    reviewConfigs: [{ actionName: 'reviewed', allowedDecisions: ['approve', 'reject'] }],
    lelu: { approvalIds: [waitingId(result)], callIds: ['call_0'] },
  })
})

test('an approved call runs once when it is resumed, and resuming again runs nothing', async () => {
  const lelu = await openLelu()
  const { agent, ran, resumeDecided } = agentWith({
    lelu,
    answers: [calling({ name: 'reviewed' })],
  })
  const id = await approve(lelu, await agent.invoke(ask, config))
  const result = await resumeDecided()
  expect(toolMessages(result).call_0?.text).toBe('reviewed did 5')
  expect(result?.messages.at(-1)?.text).toBe('Finished.')
  expect(await resumeDecided()).toBeUndefined()
  expect(ran).toHaveLength(1)
  expect((await lelu.approvals.get(id)).state).toBe('completed')
})

test('a call that a reviewer denied never runs, and the model reads the reason', async () => {
  const lelu = await openLelu()
  const { agent, ran, resumeDecided } = agentWith({
    lelu,
    answers: [calling({ name: 'reviewed' })],
  })
  const id = waitingId(await agent.invoke(ask, config))
  await lelu.approvals.review(id, { verdict: 'deny', reviewer, reason: 'too much' })
  const message = toolMessages(await resumeDecided()).call_0
  expect(message?.status).toBe('error')
  expect(message?.text).toContain('A reviewer denied this call: too much')
  expect(message?.text).not.toContain(reviewer.id)
  expect(ran).toEqual([])
})

test('names that every object inherits are unknown tools: denied, and their effect is the strictest', async () => {
  const lelu = await openLelu()
  const seen: DecisionRequest[] = []
  const watching = {
    ...lelu,
    guard: ((request, execute) => {
      seen.push(request)
      return lelu.guard(request, execute)
    }) as typeof lelu.guard,
  }
  const names = ['__proto__', 'constructor', 'toString', 'nothing_like_it']
  const { agent, ran } = agentWith({
    lelu,
    answers: [calling(...names.map((name) => ({ id: name, name })))],
    options: { lelu: watching, effect: { allowed: 'read' } },
  })
  const result = await agent.invoke(ask, config)
  for (const name of names) expect(toolMessages(result)[name]?.text).toContain('Denied by policy')
  expect(seen.map(({ call }) => call.effect)).toEqual(names.map(() => undefined))
  expect(ran).toEqual([])
})

const signal = (value: number): ConfidenceSignal => ({
  method: 'external',
  trust: 'adapter',
  value,
  score: 1,
})

test.each([
  ['no reader', undefined],
  ['a reader that finds nothing', () => undefined],
  ['a reader that fails', () => Promise.reject(new Error('offline'))],
])('with %s the confidence is 0, not 1', async (_name, confidence) => {
  const lelu = await openLelu()
  const { agent } = agentWith({
    lelu,
    answers: [calling({ name: 'trade' })],
    options: confidence === undefined ? {} : { confidence },
  })
  const id = waitingId(await agent.invoke(ask, config))
  expect((await lelu.approvals.get(id)).decision.confidence).toBe(0)
})

test('the policy sees the confidence that the reader found for this very call', async () => {
  const lelu = await openLelu()
  const { agent } = agentWith({
    lelu,
    answers: [
      calling(
        { id: 'sure', name: 'trade', args: { amount: 1 } },
        { id: 'unsure', name: 'trade', args: { amount: 2 } },
      ),
    ],
    options: {
      confidence: ({ call, raw }) => signal(call.id === 'sure' && raw !== undefined ? 0.95 : 0.85),
    },
  })
  const result = await agent.invoke(ask, config)
  const { decision, request } = await lelu.approvals.get(waitingId(result))
  expect(decision.confidence).toBe(0.85)
  expect(request.call.id).toMatch(/^unsure@/)
  expect(pendingApprovals(result)).toHaveLength(1)
})

test('a call id that the model uses again in a later step is another call', async () => {
  const lelu = await openLelu()
  const call = calling({ name: 'reviewed' })
  const { agent, ran, resumeDecided } = agentWith({
    lelu,
    answers: [call, calling({ name: 'reviewed' })],
  })
  const first = await approve(lelu, await agent.invoke(ask, config))
  const second = waitingId(await resumeDecided())
  expect(second).not.toBe(first)
  expect(ran).toHaveLength(1)
})

test('subject, resource, context and tenant may be read from the call', async () => {
  const lelu = await openLelu()
  const { agent } = agentWith({
    lelu,
    answers: [calling({ name: 'reviewed' })],
    options: {
      subject: ({ configurable }) => ({ id: `agent-of-${configurable.thread_id}`, type: 'agent' }),
      resource: ({ toolCall }) => ({ type: 'account', id: String(toolCall.args.amount) }),
      context: async () => ({ channel: 'chat' }),
      tenant: 'acme',
      effect: { reviewed: 'idempotent' },
    },
  })
  const { request, tenant } = await lelu.approvals.get(waitingId(await agent.invoke(ask, config)))
  expect(request).toMatchObject({
    subject: { id: 'agent-of-thread-1' },
    resource: { type: 'account', id: '5' },
    context: { channel: 'chat' },
    call: { effect: 'idempotent' },
  })
  expect(tenant).toBe('acme')
})

test('a tool may answer with a graph command', async () => {
  const lelu = await openLelu()
  const goes = tool(
    (_input, runtime: ToolRuntime) =>
      new Command({
        update: {
          messages: [{ role: 'tool', content: 'moved on', tool_call_id: runtime.toolCallId }],
        },
      }),
    { name: 'reviewed', schema: z.object({}) },
  )
  const agent = guardedAgent({
    lelu,
    answers: [calling({ name: 'reviewed', args: {} })],
    tools: [goes],
  })
  await approve(lelu, await agent.invoke(ask, config))
  const result = await agent.invoke(new Command({ resume: true }), config)
  expect(toolMessages(result).call_0?.text).toBe('moved on')
})
