import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { guardTool, leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import { ask, calling, config, createTools, openLelu, reviewer, subject } from './support.ts'

// What a project without `"type": "module"` gets of the same packages: another copy of every class.
const required = createRequire(import.meta.url)
const { AIMessage, createAgent, fakeModel, tool } = required(
  'langchain',
) as typeof import('langchain')
const { MemorySaver, MessagesAnnotation, StateGraph } = required(
  '@langchain/langgraph',
) as typeof import('@langchain/langgraph')

const { ToolNode } = required(
  '@langchain/langgraph/prebuilt',
) as typeof import('@langchain/langgraph/prebuilt')

describe('in a CommonJS project', () => {
  it.each(['v1', 'v2'] as const)(
    'an approved call is resumed, once, in an agent of version %s',
    async (version) => {
      const lelu = await openLelu()
      const { tools, runsOf } = createTools()
      const { tool_calls } = calling({ name: 'reviewed' })
      const model = fakeModel()
        .respond(new AIMessage({ content: '', tool_calls: tool_calls ?? [] }))
        .respond(new AIMessage('Finished.'))
      const agent = createAgent({
        model,
        tools,
        version,
        middleware: [leluMiddleware({ lelu, subject })],
        checkpointer: new MemorySaver(),
      })
      const [pending] = pendingApprovals(await agent.invoke(ask, config))
      await lelu.approvals.review(pending?.approvalId ?? '', { verdict: 'approve', reviewer })

      const command = await resume({ result: await agent.graph.getState(config), lelu })
      const { messages } = await agent.invoke(command ?? null, config)
      expect(messages.map(({ text }) => text).slice(-2)).toEqual(['reviewed did 5', 'Finished.'])
      expect(runsOf('reviewed')).toBe(1)
    },
  )

  it('a tool that is guarded from the inside is decided, suspended and resumed', async () => {
    const lelu = await openLelu()
    const ran: unknown[] = []
    const tools = ['allowed', 'reviewed', 'denied'].map((name) => {
      const schema = z.object({ amount: z.coerce.number() })
      const run = (input: unknown) => `${name} ran ${ran.push({ name, input })}`
      return guardTool(tool(run, { name, description: name, schema }), { lelu, subject })
    })
    const { tool_calls = [] } = calling(
      ...tools.map(({ name }) => ({ id: name, name, args: { amount: '5' } })),
    )
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('model', () => ({ messages: [new AIMessage({ content: '', tool_calls })] }))
      .addNode('tools', new ToolNode(tools))
      .addEdge('__start__', 'model')
      .addEdge('model', 'tools')
      .compile({ checkpointer: new MemorySaver() })
    const [pending] = pendingApprovals(await graph.invoke(ask, config))
    expect(ran).toEqual([])
    await lelu.approvals.review(pending?.approvalId ?? '', { verdict: 'approve', reviewer })

    const command = await resume({ result: await graph.getState(config), lelu })
    const { messages } = await graph.invoke(command ?? null, config)
    expect(messages.map(({ text }) => text).slice(-3)).toEqual([
      'allowed ran 2',
      'reviewed ran 1',
      expect.stringContaining('Denied by policy'),
    ])
    expect(ran).toEqual(['reviewed', 'allowed'].map((name) => ({ name, input: { amount: 5 } })))
  })
})
