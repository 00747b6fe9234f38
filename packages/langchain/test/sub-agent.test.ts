import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import {
  ask,
  calling,
  config,
  createTools,
  guardedAgent,
  openLelu,
  reviewer,
  subject,
  toolMessages,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** An agent whose two calls of one step each run an agent of their own, with the very same call in it. */
function agentOfAgents(lelu: Lelu, version: 'v1' | 'v2' = 'v2') {
  const { tools, ran } = createTools()
  let bodies = 0
  const delegate = tool(
    async () => {
      bodies += 1
      const model = fakeModel()
      for (const _answer of [1, 2]) {
        model.respond((messages) =>
          messages.at(-1)?.getType() === 'tool'
            ? new AIMessage({ id: 'm2', content: `inner: ${messages.at(-1)?.text}` })
            : calling({ name: 'reviewed' }),
        )
      }
      const middleware = [leluMiddleware({ lelu, subject })]
      const inner = createAgent({ model, tools, version, middleware })
      return (await inner.invoke(ask)).messages.at(-1)?.text ?? ''
    },
    { name: 'allowed_delegate', schema: z.object({}) },
  )
  const agent = guardedAgent({
    lelu,
    answers: [
      calling(
        { id: 'a', name: 'allowed_delegate', args: {} },
        { id: 'b', name: 'allowed_delegate', args: {} },
      ),
    ],
    tools: [delegate],
    version,
  })
  return { agent, ran, bodies: () => bodies }
}

test('calls of sub-agents suspend the whole run, are told apart, and run once when they are approved', async () => {
  const lelu = await openLelu()
  const { agent, ran } = agentOfAgents(lelu)
  const result = await agent.invoke(ask, config)
  const pending = pendingApprovals(result)
  expect(new Set(pending.map(({ approvalId }) => approvalId)).size).toBe(2)
  expect(ran).toEqual([])
  // The records of one sub-agent are kept apart from those of the other.
  const { approvals } = await lelu.approvals.list()
  expect(new Set(approvals.map(({ request }) => request.run)).size).toBe(2)

  for (const { approvalId } of pending)
    await lelu.approvals.review(approvalId, { verdict: 'approve', reviewer })
  const command = await resume({ result, lelu })
  const done = await agent.invoke(command ?? null, config)
  const messages = toolMessages(done)
  expect([messages.a?.text, messages.b?.text]).toEqual([
    'inner: reviewed did 5',
    'inner: reviewed did 5',
  ])
  expect(ran).toHaveLength(2)
})

/**
 * One call that waits ends the node while the other is at work. Until that one is done, whoever goes on is told that it is
 * being executed; that is an error, and no model reads it.
 */
async function untilFree(agent: ReturnType<typeof agentOfAgents>['agent'], command: unknown) {
  let input = command
  for (let round = 0; ; round += 1) {
    try {
      return await agent.invoke(input as Parameters<typeof agent.invoke>[0], config)
    } catch (error) {
      if (round === 1000) throw error
      expect(error).toMatchObject({ code: 'LELU_APPROVAL_EXECUTING' })
      input = null
      await new Promise((next) => setTimeout(next, 20))
    }
  }
}

test('in version v1 a sub-agent’s call suspends the whole run too, and runs once when it is approved', async () => {
  const lelu = await openLelu()
  const { agent, ran } = agentOfAgents(lelu, 'v1')
  let result = await agent.invoke(ask, config)
  // The calls share a node and its interrupt, so they may come one after the other.
  for (let round = 0; round < 4; round += 1) {
    const pending = pendingApprovals(result)
    if (pending.length === 0) break
    for (const { approvalId } of pending)
      await lelu.approvals.review(approvalId, { verdict: 'approve', reviewer }).catch(() => {})
    const command = await resume({ result, lelu })
    result = await untilFree(agent, command ?? null)
  }
  expect(result.messages.at(-1)?.text).toBe('Finished.')
  const messages = toolMessages(result)
  expect([messages.a?.text, messages.b?.text]).toEqual([
    'inner: reviewed did 5',
    'inner: reviewed did 5',
  ])
  expect(ran).toHaveLength(2)
})
