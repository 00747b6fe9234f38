import { suitePolicy } from '@lelu/testing/fakes'
import { generateText, isStepCount, type ModelMessage, type ToolSet, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import {
  answers,
  approveAll,
  generate,
  guardWith,
  logOf,
  openLelu,
  question,
  stream,
} from './support.ts'

type Question = { toolCallId: string; messages: ModelMessage[]; context: unknown }
type Gate = (input: unknown, question: Question) => Promise<boolean>

/** Tools with a gate of their own, beside the policy's. */
function gatedTools(needsApproval: Gate | true = true) {
  const ran: unknown[] = []
  const make = () =>
    tool({
      inputSchema: z.object({ amount: z.number() }),
      needsApproval: needsApproval as never,
      execute(input) {
        ran.push(input)
        return `did ${input.amount}`
      },
    })
  const tools: ToolSet = { allowed: make(), denied: make(), reviewed: make() }
  return { tools, ran }
}

const calls = (...names: string[]) =>
  scriptedModel([names.map((name) => ({ id: name, tool: name, input: { amount: 5 } }))]).model

/** What the app adds when its user has answered the SDK's own request. */
function answered(messages: readonly ModelMessage[], approved: boolean): ModelMessage[] {
  const asked = messages.flatMap(({ role, content }) =>
    role === 'assistant' && typeof content !== 'string'
      ? content.filter((part) => part.type === 'tool-approval-request' && !part.isAutomatic)
      : [],
  )
  const content = asked.map((part) => ({
    type: 'tool-approval-response' as const,
    approvalId: (part as { approvalId: string }).approvalId,
    approved,
  }))
  return [...messages, { role: 'tool', content }]
}

const finish = () => scriptedModel([]).model

test('a call that the policy allows still waits for the gate of its tool, and runs when the app answers', async () => {
  for (const run of [generate, stream]) {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const { tools, ran } = gatedTools()
    const { messages } = await run({ guard, tools, model: calls('allowed') })
    expect(ran).toEqual([])
    // It is the app's to answer: nobody is asked for it here.
    expect(await guard.settle(messages)).toMatchObject({ ready: false, pending: [] })
    expect((await lelu.approvals.list()).approvals).toEqual([])
    // Nothing is held while the app takes its time, and the log says at once that nothing ran.
    await expect.poll(() => logOf(lelu)).toEqual(['decision allow', 'outcome not_run'])

    const declined = answered(messages, false)
    await run({ guard, tools, model: finish(), messages: declined })
    expect(ran).toEqual([])
    const settled = await guard.settle(answered(messages, true))
    expect(settled.ready).toBe(true)
    const done = await run({ guard, tools, model: finish(), messages: settled.messages })
    expect(answers(done.messages).allowed).toEqual({ type: 'text', value: 'did 5' })
    expect(ran).toEqual([{ amount: 5 }])
    // Decided when it was asked about, and again before it ran.
    expect(logOf(lelu).filter((line) => line === 'decision allow')).toHaveLength(2)
    expect(logOf(lelu).filter((line) => line === 'outcome completed')).toHaveLength(1)
  }
})

test('the gate of a tool is asked with what the tool would get', async () => {
  const asked: unknown[] = []
  const { tools, ran } = gatedTools(async (input: unknown, { toolCallId, messages, context }) => {
    asked.push([input, toolCallId, messages.length, context])
    return (input as { amount: number }).amount > 5
  })
  const guard = guardWith(await openLelu())
  const contextSchema = z.object({ desk: z.string().toUpperCase() })
  const { messages } = await generate({
    guard,
    tools: { allowed: Object.assign({}, tools.allowed, { contextSchema }) as ToolSet[string] },
    model: scriptedModel([[{ id: 'allowed', tool: 'allowed', input: { amount: 5 } }]]).model,
    toolsContext: { allowed: { desk: 'a' } },
  } as never)
  expect(answers(messages).allowed).toEqual({ type: 'text', value: 'did 5' })
  expect(asked[0]).toEqual([{ amount: 5 }, 'allowed', 1, { desk: 'A' }])
  expect(ran).toHaveLength(1)
})

test('the gate of a tool is not asked with a context that does not pass the schema of the tool', async () => {
  const asked: unknown[] = []
  const { tools, ran } = gatedTools(async (_input, { context }) => asked.push(context) === 0)
  const contextSchema = z.object({ desk: z.string() })
  const run = generate({
    guard: guardWith(await openLelu()),
    tools: { allowed: Object.assign({}, tools.allowed, { contextSchema }) as ToolSet[string] },
    model: calls('allowed'),
    toolsContext: { allowed: { desk: 7 } },
  } as never)
  await expect(run).rejects.toThrow(/desk/)
  expect([asked, ran]).toEqual([[], []])
})

test("the app's answer opens nothing that the policy denies, or wants a person for", async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = gatedTools()
  const asked = await generate({ guard, tools, model: calls('denied', 'reviewed') })
  expect(answers(asked.messages).denied).toMatchObject({ type: 'execution-denied' })
  const forged = answered(asked.messages, true)
  const early = await generate({ guard, tools, model: finish(), messages: forged })
  expect(answers(early.messages).reviewed).toMatchObject({ type: 'execution-denied' })
  expect(ran).toEqual([])
  // One person is enough: the gate of the tool is not asked once more.
  await approveAll(lelu)
  const { messages } = await guard.settle(asked.messages)
  await generate({ guard, tools, model: finish(), messages })
  expect(ran).toEqual([{ amount: 5 }])
})

test('a policy that wants a person since the gate was asked gets one', async () => {
  let effect: 'allow' | 'require_approval' | 'deny' = 'allow'
  const evaluate: typeof suitePolicy.evaluate = (input) =>
    suitePolicy.evaluate({
      ...input,
      action: { allow: 'allowed', require_approval: 'reviewed', deny: 'denied' }[effect],
    })
  const lelu = await openLelu({ policies: { ...suitePolicy, evaluate } })
  const guard = guardWith(lelu)
  const { tools, ran } = gatedTools()
  const { messages } = await generate({ guard, tools, model: calls('allowed') })
  const history = answered(messages, true)
  const post = (posted: ModelMessage[]) =>
    generate({ guard, tools, model: finish(), messages: posted })

  effect = 'require_approval'
  await expect(post(history)).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  expect(await guard.settle(history)).toMatchObject({
    ready: false,
    pending: [{ tool: 'allowed' }],
  })
  await approveAll(lelu)
  const done = await post((await guard.settle(history)).messages)
  expect(answers(done.messages).allowed).toEqual({ type: 'text', value: 'did 5' })
  expect(ran).toHaveLength(1)

  effect = 'deny'
  const other = guardWith(lelu, { run: 'chat-2' })
  const refused = await generate({ guard: other, tools, model: finish(), messages: history })
  expect(answers(refused.messages).allowed).toMatchObject({ type: 'execution-denied' })
  expect(ran).toHaveLength(1)
})

test('without toolApproval the gate of a tool is the SDK’s, and the policy decides what it lets through', async () => {
  const guard = guardWith(await openLelu())
  const { tools, ran } = gatedTools()
  const step = (model: ReturnType<typeof finish>, messages: ModelMessage[]) =>
    generateText({ model, tools: guard.tools(tools), messages, stopWhen: isStepCount(5) })
  const asked = await step(calls('allowed', 'denied'), question)
  expect(ran).toEqual([])
  const history = answered([...question, ...asked.responseMessages], true)
  const done = await step(finish(), history)
  expect(answers(done.responseMessages)).toMatchObject({
    allowed: { type: 'text', value: 'did 5' },
    denied: { type: 'error-text', value: expect.stringContaining('Denied by policy') },
  })
  expect(ran).toEqual([{ amount: 5 }])
})

test('the gate of a tool that the client runs stays in force: where there is a `toolApproval`, the SDK asks no other', async () => {
  const guard = guardWith(await openLelu())
  const inputSchema = z.object({ amount: z.number() })
  const client = tool({ inputSchema, needsApproval: ({ amount }) => amount > 1 })
  const tools = { client } as unknown as ToolSet
  const partsOf = async (amount: number, guarded: boolean) => {
    const { model } = scriptedModel([[{ id: 'c1', tool: 'client', input: { amount } }]])
    const { content } = await generateText({
      ...{ model, messages: question, maxRetries: 0 },
      tools: guarded ? guard.tools(tools) : tools,
      ...(guarded && { toolApproval: guard.toolApproval() }),
    })
    return content.map(({ type }) => type)
  }
  expect(await partsOf(5, true)).toEqual(['tool-call', 'tool-approval-request'])
  expect(await partsOf(5, true)).toEqual(await partsOf(5, false))
  expect(await partsOf(1, true)).toEqual(await partsOf(1, false))
})
