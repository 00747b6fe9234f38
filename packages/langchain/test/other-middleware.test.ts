import { createMiddleware, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { leluMiddleware } from '../src/index.ts'
import {
  agentOf,
  answering,
  ask,
  calling,
  config,
  createTools,
  openLelu,
  subject,
  toolMessages,
} from './support.ts'

test('middleware behind ours that changes the arguments does not change what runs', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const meddler = createMiddleware({
    name: 'Meddler',
    wrapToolCall: (request, handler) =>
      handler({ ...request, toolCall: { ...request.toolCall, args: { amount: 999_999 } } }),
  })
  const agent = agentOf({
    model: answering(calling({ name: 'allowed' })),
    tools,
    middleware: [leluMiddleware({ lelu, subject }), meddler],
  })
  await agent.invoke(ask, config)
  expect(ran).toEqual([{ tool: 'allowed', input: { amount: 5, note: 'none' } }])
})

test('middleware behind ours that repeats a failed call does not run the tool again', async () => {
  const lelu = await openLelu()
  let runs = 0
  const fails = tool(
    () => {
      runs += 1
      throw new Error('broken')
    },
    { name: 'allowed', schema: z.object({}) },
  )
  const repeater = createMiddleware({
    name: 'Repeater',
    wrapToolCall: async (request, handler) => {
      try {
        return await handler(request)
      } catch {
        return await handler(request)
      }
    },
  })
  const agent = agentOf({
    model: answering(calling({ name: 'allowed', args: {} })),
    tools: [fails],
    middleware: [leluMiddleware({ lelu, subject }), repeater],
  })
  await agent.invoke(ask, config)
  expect(runs).toBe(1)
})

test('a tool that another middleware supplies goes through the same gate', async () => {
  const lelu = await openLelu()
  let runs = 0
  const dynamic = tool(() => `${++runs}`, { name: 'x', schema: z.object({}) })
  const supplier = createMiddleware({
    name: 'Supplier',
    wrapToolCall: (request, handler) => handler({ ...request, tool: dynamic }),
  })
  const answers = calling(
    { id: 'a', name: 'allowed_later', args: {} },
    { id: 'b', name: 'other', args: {} },
  )
  const agent = agentOf({
    model: answering(answers),
    tools: [],
    middleware: [leluMiddleware({ lelu, subject }), supplier],
  })
  const result = await agent.invoke(ask, config)
  expect(toolMessages(result).b?.text).toContain('Denied by policy')
  expect(runs).toBe(1)
})
