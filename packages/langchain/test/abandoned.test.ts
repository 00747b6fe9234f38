import { AIMessageChunk } from '@langchain/core/messages'
import { MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { type AIMessage, createAgent } from 'langchain'
import { expect, test } from 'vitest'
import { leluMiddleware, pendingApprovals } from '../src/index.ts'
import { toolOf } from './bodies.ts'
import {
  answering,
  ask,
  calling,
  config,
  createTools,
  guardedAgent,
  openLelu,
  subject,
  toolGraph,
  waitingId,
} from './support.ts'

test.each(['v1', 'v2'] as const)(
  'a user who writes on cancels what a model without message ids has asked for (%s)',
  async (version) => {
    const lelu = await openLelu()
    const piece = { type: 'tool_call_chunk' as const, id: 'a', index: 0, name: 'reviewed' }
    const tool_call_chunks = [{ ...piece, args: '{"amount":5}' }]
    const agent = guardedAgent({
      lelu,
      answers: [new AIMessageChunk({ content: '', tool_call_chunks }) as unknown as AIMessage],
      tools: createTools().tools,
      version,
    })
    const id = waitingId(await agent.invoke(ask, config))
    await agent.invoke(ask, config)
    expect((await lelu.approvals.get(id)).state).toBe('cancelled')
  },
)

test.each(['a node', 'a tool'] as const)(
  'what waits in an agent in %s of a graph can be ended before the user goes on',
  async (place) => {
    const lelu = await openLelu()
    const model = answering(calling({ name: 'reviewed' }))
    const middleware = [leluMiddleware({ lelu, subject })]
    const inner = createAgent({ model, tools: createTools().tools, middleware })
    const graph =
      place === 'a node'
        ? new StateGraph(MessagesAnnotation)
            .addNode('agent', inner.graph as never)
            .addEdge('__start__', 'agent')
            .compile({ checkpointer: new MemorySaver() })
        : toolGraph(calling({ name: 'allowed_delegate' }), [
            toolOf('allowed_delegate', async () => (await inner.invoke(ask)).messages.at(-1)?.text),
          ])
    const id = waitingId(await graph.invoke(ask as never, config))
    for (const { approvalId } of pendingApprovals(await graph.getState(config)))
      await lelu.approvals.cancel(approvalId)
    const done = await graph.invoke(ask as never, config)
    expect(pendingApprovals(done)).toEqual([])
    expect((await lelu.approvals.get(id)).state).toBe('cancelled')
  },
)
