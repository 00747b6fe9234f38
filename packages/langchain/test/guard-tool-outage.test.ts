import type { BaseMessage } from '@langchain/core/messages'
import { Command } from '@langchain/langgraph'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, guardTools, LeluError, leluMiddleware } from '../src/index.ts'
import {
  agentOf,
  answering,
  approve,
  ask,
  calling,
  config,
  createTools,
  guardedAgent,
  openLelu,
  rootOf,
  subject,
  toolGraph,
  toolMessages,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

const down = () => new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' })

/** The engine with a store that can be taken down for the calls of one tool, or of all. */
function breakable(lelu: Lelu) {
  const outage: { of?: string } = {}
  const guard: typeof lelu.guard = (request, ...rest) =>
    outage.of === undefined || !request.call.tool.startsWith(outage.of)
      ? lelu.guard(request, ...rest)
      : Promise.reject(down())
  return { outage, broken: { ...lelu, guard } }
}

test('a guarded tool in a plain ToolNode throws the very error of the engine, as it was made', async () => {
  const lelu = await openLelu()
  const { outage, broken } = breakable(lelu)
  const { tools, ran } = createTools()
  outage.of = 'allowed'
  const graph = toolGraph(
    calling({ name: 'allowed' }),
    guardTools(tools, { lelu: broken, subject }),
  )
  const error = await graph.invoke(ask, config).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(LeluError)
  expect(error).toMatchObject({ name: 'LeluError', code: 'LELU_STORE_UNAVAILABLE' })
  expect(Object.keys(error)).not.toContain('interrupts')
  expect((await graph.getState(config)).next).toEqual(['tools'])
  expect(ran).toEqual([])
})

test('an error of the developer’s own options is thrown at the developer, and no model reads it', async () => {
  const lelu = await openLelu()
  const { tools } = createTools()
  const wrong = () => {
    throw new TypeError('no such directory of users')
  }
  const graph = toolGraph(calling({ name: 'allowed' }), guardTools(tools, { lelu, subject: wrong }))
  await expect(graph.invoke(ask, config)).rejects.toThrow(TypeError)
})

test('while one call of a node cannot be decided its allowed siblings wait, and each runs once in the end', async () => {
  const lelu = await openLelu()
  const { outage, broken } = breakable(lelu)
  const { tools, ran } = createTools()
  outage.of = 'reviewed'
  const answer = calling({ id: 'a', name: 'allowed' }, { id: 'r', name: 'reviewed' })
  const graph = toolGraph(answer, guardTools(tools, { lelu: broken, subject }))
  await expect(graph.invoke(ask, config)).rejects.toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(ran).toEqual([])
  delete outage.of
  await approve(lelu, await graph.invoke(null, config))
  const done = toolMessages(await graph.invoke(new Command({ resume: true }), config))
  expect([done.a?.text, done.r?.text]).toEqual(['allowed did 5', 'reviewed did 5'])
  expect(ran).toHaveLength(2)
})

test.each([
  ['plain', 'v2', false],
  ['guarded', 'v2', true],
  ['guarded', 'v1', true],
] as const)(
  'an outage in the agent inside a %s tool of version %s ends the whole run, and not only the inner one',
  async (_how, version, guarded) => {
    const lelu = await openLelu()
    const { outage, broken } = breakable(lelu)
    const { tools, ran } = createTools()
    const answer = (messages: BaseMessage[]) =>
      messages.at(-1)?.getType() === 'tool'
        ? new AIMessage('Inner.')
        : calling({ name: 'reviewed' })
    const delegate = tool(
      async () => {
        const inner = createAgent({
          model: fakeModel().respond(answer).respond(answer),
          tools: guardTools(tools, { lelu: broken, subject }) as typeof tools,
        })
        return (await inner.invoke(ask)).messages.at(-1)?.text ?? ''
      },
      { name: 'allowed_delegate', schema: z.object({}) },
    )
    const agent = agentOf({
      model: answering(calling({ name: 'allowed_delegate', args: {} })),
      tools: [delegate],
      version,
      middleware: guarded ? [leluMiddleware({ lelu, subject })] : [],
    })
    await approve(lelu, await agent.invoke(ask, config))
    outage.of = 'reviewed'
    const error = await rootOf(agent.invoke(new Command({ resume: true }), config))
    expect(error).toMatchObject({ name: 'LeluError', code: 'LELU_STORE_UNAVAILABLE' })
    delete outage.of
    const done = await agent.invoke(new Command({ resume: true }), config)
    expect(done.messages.at(-1)?.text).toBe('Finished.')
    expect(ran).toHaveLength(1)
  },
)

test('of two resumes at the same time the later one is told, and the thread has one result', async () => {
  const lelu = await openLelu()
  let runs = 0
  const started = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const slow = tool(
    async () => {
      runs += 1
      started.resolve()
      await finish.promise
      return 'did it'
    },
    { name: 'reviewed', schema: z.object({}) },
  )
  const graph = toolGraph(calling({ name: 'reviewed', args: {} }), [
    guardTool(slow, { lelu, subject }),
  ])
  await approve(lelu, await graph.invoke(ask, config))
  const first = graph.invoke(new Command({ resume: true }), config)
  await started.promise
  await expect(graph.invoke(new Command({ resume: true }), config)).rejects.toMatchObject({
    code: 'LELU_APPROVAL_EXECUTING',
  })
  finish.resolve()
  expect(toolMessages(await first).call_0?.text).toBe('did it')
  expect(runs).toBe(1)
})

test('in a node of version v1 too, what the middleware cannot decide lets no allowed sibling run', async () => {
  const lelu = await openLelu()
  const { outage, broken } = breakable(lelu)
  const { tools, ran } = createTools()
  outage.of = 'reviewed'
  const answer = calling({ id: 'a', name: 'allowed' }, { id: 'r', name: 'reviewed' })
  const agent = guardedAgent({ lelu: broken, answers: [answer], tools, version: 'v1' })
  expect(await rootOf(agent.invoke(ask, config))).toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(ran).toEqual([])
})
