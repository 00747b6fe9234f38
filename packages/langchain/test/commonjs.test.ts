import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import { ask, calling, config, createTools, openLelu, reviewer, subject } from './support.ts'

// What a project without `"type": "module"` gets of the same packages: another copy of every class.
const required = createRequire(import.meta.url)
const { AIMessage, createAgent, fakeModel } = required('langchain') as typeof import('langchain')
const { MemorySaver } = required('@langchain/langgraph') as typeof import('@langchain/langgraph')

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
})
