import { type ModelMessage, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type AiGuard, type AiGuardOptions, createAiGuard } from '../src/index.ts'
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

/** A sub-agent whose one call needs a person, behind a tool of an agent. */
async function nested(options: Partial<AiGuardOptions>) {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  let inner: ModelMessage[] = []
  let guard: AiGuard | undefined
  const helper = tool({
    inputSchema: z.object({ task: z.string() }),
    async execute({ task }, { toolCallId }) {
      guard = createAiGuard({
        lelu,
        run: `chat-1/${toolCallId}`,
        subject: { id: 'helper', type: 'agent' },
        ...options,
      })
      const { model } = scriptedModel([[{ id: 'i', tool: 'reviewed', input: { amount: 1 } }]])
      const messages: ModelMessage[] = [{ role: 'user', content: task }]
      const done = await generate({ guard, tools, model, messages })
      inner = done.messages
      return done.result.text
    },
  })
  const call = { id: 'o', tool: 'allowed_helper', input: { task: 'Help.' } }
  const { messages, result } = await generate({
    guard: guardWith(lelu),
    tools: { allowed_helper: helper },
    model: scriptedModel([[call]]).model,
  })
  const [approval] = (await lelu.approvals.list()).approvals
  return { lelu, guard, tools, ran, messages, steps: result.steps, inner, approval }
}

test('a sub-agent that was not told what to do with such a call suspends none, and says so', async () => {
  const { messages, steps, ran, approval } = await nested({})
  const [failed] = steps.flatMap(({ content }) =>
    content.filter(({ type }) => type === 'tool-error'),
  )
  expect(failed).toMatchObject({
    error: { code: 'LELU_CALL_INVALID', help: expect.stringMatching(/`tell-model` or `wait`/) },
  })
  expect(answers(messages).o).toEqual({
    type: 'error-text',
    value: expect.stringContaining('nothing could resume it inside the tool allowed_helper'),
  })
  // Nobody can approve what would never run.
  expect(approval).toMatchObject({ state: 'cancelled' })
  expect(ran).toEqual([])
})

test('a sub-agent waits where its mode says so, and is told when nobody decided in time', async () => {
  const { inner, ran, approval } = await nested({ mode: 'wait', waitMs: 50 })
  expect(answers(inner).i).toMatchObject({
    type: 'execution-denied',
    reason: expect.stringContaining('nobody decided in time'),
  })
  expect(approval).toMatchObject({ state: 'cancelled' })
  expect(ran).toEqual([])
})

test('a sub-agent whose history the app keeps suspends its calls, and is resumed by the app', async () => {
  const { lelu, guard, tools, inner, ran, approval } = await nested({ mode: 'suspend' })
  expect(approval).toMatchObject({ state: 'pending' })
  await approveAll(lelu)
  if (guard === undefined) throw new Error('There was no sub-agent.')
  const { messages } = await guard.settle(inner)
  await generate({ guard, tools, messages, model: scriptedModel([]).model })
  expect(ran).toHaveLength(1)
})
