import { Command } from '@langchain/langgraph'
import { createMiddleware, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { leluMiddleware } from '../src/index.ts'
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
  subject,
  toolMessages,
} from './support.ts'

const retrier = createMiddleware({
  name: 'Retrier',
  async wrapToolCall(request, handler) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await handler(request)
      } catch (error) {
        if (tries === 4) throw error
      }
    }
  },
})

test.each([
  ['throw', 3, 'did it in the end'],
  ['message', 1, 'not yet'],
] as const)(
  'with `toolErrors: %s` a retry before ours makes %i tries, each of them decided',
  async (toolErrors, tries, text) => {
    const lelu = await openLelu()
    let [runs, decisions] = [0, 0]
    const guard: typeof lelu.guard = (...given) => {
      decisions += 1
      return lelu.guard(...given)
    }
    const flaky = tool(
      () => {
        runs += 1
        if (runs < 3) throw new Error('not yet')
        return 'did it in the end'
      },
      { name: 'allowed', schema: z.object({}) },
    )
    const agent = agentOf({
      model: answering(calling({ name: 'allowed', args: {} })),
      tools: [flaky],
      middleware: [retrier, leluMiddleware({ lelu: { ...lelu, guard }, subject, toolErrors })],
    })
    const done = toolMessages(await agent.invoke(ask, config)).call_0
    expect(done?.text).toContain(text)
    expect([runs, decisions]).toEqual([tries, tries])
  },
)

test.each(['v1', 'v2'] as const)(
  'in version %s the result of an approved call is kept when the model fails behind it',
  async (version) => {
    const lelu = await openLelu()
    const { tools, ran } = createTools()
    const agent = guardedAgent({
      lelu,
      answers: [
        calling({ name: 'reviewed' }),
        () => {
          throw new Error('The model is down.')
        },
      ],
      tools,
      version,
    })
    await approve(lelu, await agent.invoke(ask, config))
    await expect(agent.invoke(new Command({ resume: true }), config)).rejects.toThrow('down')
    const done = await agent.invoke(null, config)
    expect(toolMessages(done).call_0?.text).toBe('reviewed did 5')
    expect(ran).toHaveLength(1)
  },
)
