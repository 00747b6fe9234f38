import { tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createAiGuard } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, createTools, generate, guardWith, openLelu } from './support.ts'

test('the calls of a sub-agent are decided by a guard of its own, in a run of its own', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const helper = tool({
    inputSchema: z.object({ task: z.string() }),
    async execute({ task }, { toolCallId, abortSignal }) {
      const guard = createAiGuard({
        lelu,
        run: `chat-1/${toolCallId}`,
        subject: { id: 'helper', type: 'agent', actingFor: { id: 'agent-1', type: 'agent' } },
        mode: 'tell-model', // it has no history of its own to wait in
      })
      const calls = ['allowed', 'denied', 'reviewed'].map((name) => ({
        id: name,
        tool: name,
        input: { amount: 1 },
      }))
      const { messages } = await generate({
        guard,
        tools,
        model: scriptedModel([calls]).model,
        messages: [{ role: 'user', content: task }],
        ...(abortSignal && { abortSignal }),
      })
      return JSON.stringify(answers(messages))
    },
  })
  const guard = guardWith(lelu)
  const call = (id: string) => ({ id, tool: 'allowed_helper', input: { task: 'Help.' } })
  const { model } = scriptedModel([[call('one'), call('two')]])
  const { messages } = await generate({ guard, tools: { allowed_helper: helper }, model })
  const text = JSON.stringify(answers(messages))
  expect(text).toContain('allowed did 1')
  expect(text).toContain('Denied by policy')
  expect(text).toContain('Waiting for a person to approve this call')
  expect(ran.map(({ tool: name }) => name)).toEqual(['allowed', 'allowed'])
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ request }) => request.run).sort()).toEqual(['chat-1/one', 'chat-1/two'])

  await approveAll(lelu)
  // Each approval is one of its own sub-agent, and runs there once.
  const again = scriptedModel([[call('one')], [call('one')]])
  await generate({ guard, tools: { allowed_helper: helper }, model: again.model })
  expect(ran.filter(({ tool: name }) => name === 'reviewed')).toHaveLength(1)
})
