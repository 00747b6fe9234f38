import { AIMessage, createAgent, createMiddleware, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, isLeluError, LeluError, leluMiddleware, resume } from '../src/index.ts'
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

const schema = z.object({})

/** An agent in a tool of another one, and an engine whose store can be taken down for the inner one. */
async function agentInTool(guarded: boolean) {
  const lelu = await openLelu()
  const outage = { down: false }
  const guard: typeof lelu.guard = (...given) =>
    outage.down
      ? Promise.reject(new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' }))
      : lelu.guard(...given)
  const { tools, ran } = createTools()
  const delegate = tool(
    async () => {
      const model = fakeModel()
      for (const _answer of [1, 2]) {
        model.respond((messages) =>
          messages.at(-1)?.getType() === 'tool'
            ? new AIMessage('Inner finished.')
            : calling({ name: 'reviewed' }),
        )
      }
      const inner = createAgent({
        model,
        tools,
        // Middleware of the developer's own wraps errors as well.
        middleware: [
          createMiddleware({ name: 'Outer', wrapToolCall: (request, handler) => handler(request) }),
          leluMiddleware({ lelu: { ...lelu, guard }, subject }),
        ],
      })
      return (await inner.invoke(ask)).messages.at(-1)?.text ?? ''
    },
    { name: 'allowed_delegate', schema },
  )
  const agent = agentOf({
    model: answering(calling({ name: 'allowed_delegate', args: {} })),
    tools: [delegate],
    middleware: guarded ? [leluMiddleware({ lelu, subject })] : [],
  })
  return { agent, lelu, outage, ran }
}

test.each([true, false])(
  'the outer model is not told of the inner engine’s outage, and the approved call runs afterwards (outer guarded: %s)',
  async (guarded) => {
    const { agent, lelu, outage, ran } = await agentInTool(guarded)
    const result = await agent.invoke(ask, config)
    await approve(lelu, result)
    outage.down = true
    const command = await resume({ result, lelu })
    const error = await rootOf(agent.invoke(command ?? null, config))
    expect(error).toMatchObject({ code: 'LELU_STORE_UNAVAILABLE', name: 'LeluError' })
    outage.down = false
    const done = await agent.invoke(null, config)
    expect(toolMessages(done).call_0?.text).toBe('Inner finished.')
    expect(ran).toHaveLength(1)
  },
)

/** What becomes of an error that a tool throws. */
async function thrownBy(thrown: Error, where: 'middleware' | 'ToolNode') {
  const lelu = await openLelu()
  const failing = tool(
    () => {
      throw thrown
    },
    { name: 'allowed', schema },
  )
  const answer = calling({ name: 'allowed', args: {} })
  if (where === 'middleware') {
    const agent = guardedAgent({ lelu, answers: [answer], tools: [failing] })
    return agent.invoke(ask, config)
  }
  return toolGraph(answer, [guardTool(failing, { lelu, subject })]).invoke(ask, config)
}

test.each(['middleware', 'ToolNode'] as const)(
  'an outage in the cause of what a tool throws ends the run (%s)',
  async (where) => {
    const cause = new LeluError('LELU_AUDIT_UNAVAILABLE', 'The log is full.', { help: '' })
    const thrown = new Error('The helper failed.', { cause: new Error('step 2', { cause }) })
    await expect(thrownBy(thrown, where)).rejects.toThrow('The helper failed.')
  },
)

test.each(['middleware', 'ToolNode'] as const)(
  'an error of Lelu that is the tool’s own business is told to the model (%s)',
  async (where) => {
    const thrown = new LeluError('LELU_APPROVAL_NOT_FOUND', 'No such approval.', { help: '' })
    const { call_0 } = toolMessages(await thrownBy(thrown, where))
    expect(call_0?.text).toContain('No such approval.')
  },
)

test.each(['AbortError', 'TimeoutError'])(
  'a %s of the tool itself is told to the model, for the run goes on',
  async (name) => {
    const thrown = new DOMException('The bank did not answer.', name)
    const { call_0 } = toolMessages(await thrownBy(thrown as Error, 'middleware'))
    expect(call_0?.text).toContain('The bank did not answer.')
    expect(isLeluError(thrown)).toBe(false)
  },
)
