import { type PolicyClient, opaPolicy as policyOf, shadow as shadowOf } from '@ai-sdk/policy-opa'
import { generateText } from 'ai'
import { expect, test } from 'vitest'
import { createAiGuard, type ToolApproval } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'
import { answers, createTools, guardWith, logOf, openLelu, question } from './support.ts'

// It is released for one version of `ai` only, whose types are not those of the version that is installed here.
const opaPolicy = (client: PolicyClient) =>
  policyOf({ client, path: 'agent/call' }) as unknown as ToolApproval
const shadow = (policy: ToolApproval, options: Parameters<typeof shadowOf>[1]) =>
  shadowOf(policy as never, options) as unknown as ToolApproval

const calls = ['allowed', 'denied', 'reviewed'].map((name) => ({
  id: name,
  tool: name,
  input: { amount: 1 },
}))

test('a set-up of @ai-sdk/policy-opa runs on the engine as it is', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const toolApproval = opaPolicy(guardWith(lelu).policyClient())
  const { model } = scriptedModel([calls])
  const result = await generateText({ model, tools, toolApproval, messages: question })
  expect(ran.map(({ tool }) => tool)).toEqual(['allowed'])
  expect(answers(result.responseMessages).denied).toMatchObject({
    type: 'execution-denied',
    reason: 'No rule allows this action',
  })
  const requests = result.content.filter((part) => part.type === 'tool-approval-request')
  expect(requests.find(({ isAutomatic }) => isAutomatic !== true)).toMatchObject({
    toolCall: { toolName: 'reviewed' },
    reason: 'A person must look at this',
  })
  expect(logOf(lelu)).toEqual(['decision allow', 'decision deny', 'decision require_approval'])
})

test('the policy is told the conversation, and shadow mode still sees every decision', async () => {
  const seen: unknown[] = []
  const lelu = await openLelu()
  const guard = createAiGuard<{ chat: string }>({
    lelu,
    subject: { id: 'agent-1', type: 'agent' },
    run(call) {
      seen.push(call.runtimeContext.chat, call.toolCall.toolName, call.messages.length)
      return call.runtimeContext.chat
    },
  })
  const decisions: string[] = []
  const toolApproval = shadow(opaPolicy(guard.policyClient()), {
    onDecision: ({ decision }) => void decisions.push(decision.type),
  })
  const { tools, ran } = createTools()
  const { model } = scriptedModel([calls])
  const runtimeContext = { chat: 'chat-7' }
  await generateText({ model, tools, toolApproval, messages: question, runtimeContext })
  expect(seen.slice(0, 3)).toEqual(['chat-7', 'allowed', 1])
  expect(decisions).toEqual(['approved', 'denied', 'user-approval'])
  expect(ran).toHaveLength(3)
})

test('an input that names no tool, or an engine that is closed, denies', async () => {
  const lelu = await openLelu()
  const client = guardWith(lelu).policyClient()
  await expect(client.evaluate('x', { args: {} })).rejects.toMatchObject({
    code: 'LELU_REQUEST_INVALID',
  })
  await lelu.close()
  const { tools, ran } = createTools()
  const toolApproval = opaPolicy(client)
  const { model } = scriptedModel([calls])
  const result = await generateText({ model, tools, toolApproval, messages: question })
  expect(JSON.stringify(answers(result.responseMessages).allowed)).toContain(
    'This engine is closed',
  )
  expect(ran).toEqual([])
})

test('with guarded tools, an approval of the SDK alone runs nothing', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const toolApproval = opaPolicy(guard.policyClient())
  const first = scriptedModel([[calls[2] as (typeof calls)[0]]])
  const guarded = guard.tools(tools)
  const asked = await generateText({
    model: first.model,
    tools: guarded,
    toolApproval,
    messages: question,
  })
  const requests = asked.content.filter((part) => part.type === 'tool-approval-request')
  await generateText({
    model: scriptedModel([]).model,
    tools: guarded,
    toolApproval,
    messages: [
      ...question,
      ...asked.responseMessages,
      {
        role: 'tool',
        content: requests.map(({ approvalId }) => ({
          type: 'tool-approval-response' as const,
          approvalId,
          approved: true,
        })),
      },
    ],
  })
  expect(requests).toHaveLength(1)
  expect(ran).toEqual([])
})
