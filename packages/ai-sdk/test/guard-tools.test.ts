import { jsonSchema, tool } from 'ai'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import {
  answers,
  createTools,
  generate,
  guardWith,
  logOf,
  openLelu,
  question,
  stream,
} from './support.ts'

const allowed = { id: 'a', tool: 'allowed', input: { amount: 5 } }
const reviewed = { id: 'r', tool: 'reviewed', input: { amount: 5 } }

/** What the SDK hands to `execute`, from a caller that asked nobody before. */
const direct = () => ({ toolCallId: 'x', messages: [...question], context: undefined as never })

type Direct = (input: object, options: object) => unknown

test('an allowed call is decided once, and the log shows how it ended', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const { model } = scriptedModel([[allowed, { ...allowed, id: 'b' }]])
  await generate({ guard: guardWith(lelu), tools, model })
  expect(ran).toHaveLength(2)
  expect(logOf(lelu)).toEqual([
    'decision allow',
    'decision allow',
    'outcome completed',
    'outcome completed',
  ])
})

test('a call whose schema makes objects without a prototype is decided once as well', async () => {
  const lelu = await openLelu()
  const seen: unknown[] = []
  const bare = (value: object): object => Object.assign(Object.create(null), value)
  const inputSchema = jsonSchema<object>(
    { type: 'object' },
    { validate: () => ({ success: true, value: bare({ amount: 5, deep: [bare({ a: 1 })] }) }) },
  )
  const tools = { allowed: tool({ inputSchema, execute: (input) => void seen.push(input) }) }
  const { model } = scriptedModel([[allowed]])
  await generate({ guard: guardWith(lelu), tools, model })
  expect(seen).toEqual([{ amount: 5, deep: [{ a: 1 }] }])
  expect(logOf(lelu)).toEqual(['decision allow', 'outcome completed'])
})

test('the decision is made before the tool runs, and binds the input', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const { model } = scriptedModel([[allowed]])
  const guarded = guard.tools(tools)
  const toolApproval: ReturnType<typeof guard.toolApproval> = async (asked) => {
    const status = await guard.toolApproval()(asked)
    Object.assign(asked.toolCall.input as object, { amount: 666 }) // which the policy denies
    return status
  }
  const { generateText } = await import('ai')
  const result = await generateText({ model, tools: guarded, toolApproval, messages: question })
  expect(ran).toEqual([])
  expect(JSON.stringify(result.responseMessages)).toContain('Denied by policy')
  expect(logOf(lelu).sort()).toEqual(['decision allow', 'decision deny', 'outcome not_run'])
})

test('a call that is allowed and never executed ends in the log as not run', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const { tools, ran } = createTools()
    const toolCall = { toolCallId: 'a', toolName: 'allowed', input: { amount: 5, note: 'x' } }
    const asked = {
      toolCall,
      tools: guard.tools(tools),
      messages: question,
      runtimeContext: undefined,
      toolsContext: undefined,
    }
    expect(await guard.toolApproval()(asked)).toBeUndefined()
    await vi.waitFor(() => expect(logOf(lelu)).toEqual(['decision allow']), 30_000)
    vi.advanceTimersByTime(60_000)
    await vi.waitFor(
      () => expect(logOf(lelu)).toEqual(['decision allow', 'outcome not_run']),
      30_000,
    )
    expect(ran).toEqual([])
  } finally {
    vi.useRealTimers()
  }
})

test('a call that is executed again is decided again', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const guarded = guard.tools(tools)
  const input = { amount: 5, note: 'x' }
  const options = direct()
  await guard.toolApproval()({
    toolCall: { toolCallId: 'x', toolName: 'allowed', input },
    tools: guarded,
    messages: options.messages,
    runtimeContext: {},
    toolsContext: {},
  })
  const execute = guarded.allowed.execute as Direct
  await execute(input, options)
  await execute(input, options)
  expect(ran).toHaveLength(2)
  expect(logOf(lelu).filter((word) => word === 'decision allow')).toHaveLength(2)
})

test('without toolApproval, execute decides: it runs, refuses, or says that nobody could resume', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const guarded = guardWith(lelu).tools(tools)
  const execute = (name: 'allowed' | 'denied' | 'reviewed') =>
    (guarded[name].execute as Direct)({ amount: 5, note: 'x' }, direct())
  await expect(execute('allowed')).resolves.toBe('allowed did 5')
  await expect(execute('denied')).rejects.toThrow('Denied by policy: No rule allows this action.')
  await expect(execute('reviewed')).rejects.toMatchObject({
    code: 'LELU_CALL_INVALID',
    help: expect.stringContaining('toolApproval: guard.toolApproval()'),
  })
  const telling = guardWith(lelu, { mode: 'tell-model', run: 'chat-2' }).tools(tools)
  await expect(
    (telling.reviewed.execute as Direct)({ amount: 5, note: 'x' }, direct()),
  ).rejects.toThrow(/call it again later with exactly the same input/)
  // An approval that could not be used must not be asked for.
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ state }) => state)).toEqual(['cancelled', 'pending'])
  expect(ran).toEqual([{ tool: 'allowed', input: { amount: 5, note: 'x' } }])
})

test('runs of one guard at the same time are told apart, though their calls have the same ids', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu, {
    run: ({ runtimeContext }) => (runtimeContext as { chat: string }).chat,
  })
  const { tools, ran } = createTools()
  const chats = ['one', 'two', 'three', 'four']
  await Promise.all(
    chats.map((chat, amount) => {
      const calls = ['allowed', 'reviewed'].map((name) => ({
        id: name,
        tool: name,
        input: { amount, note: chat },
      }))
      const { model } = scriptedModel([calls])
      return generate({ guard, tools, model, runtimeContext: { chat } })
    }),
  )
  const notes = ran.map(({ input }) => (input as { note: string }).note)
  expect(notes.sort()).toEqual([...chats].sort())
  const { approvals } = await lelu.approvals.list()
  expect(approvals).toHaveLength(4)
  for (const { request } of approvals) {
    expect(request.call.input).toMatchObject({ note: request.run })
  }
  expect(logOf(lelu).filter((word) => word === 'decision allow')).toHaveLength(4)
})

test('a tool that is not guarded is an error of the set-up, and does not run', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const bare = { ...guard, tools: <T>(given: T) => given }
  const { model } = scriptedModel([[allowed]])
  await expect(generate({ guard: bare, tools, model })).rejects.toMatchObject({
    code: 'LELU_TOOL_UNSUPPORTED',
  })
  // Nor one that another guard decides, or that was wrapped after it was guarded.
  const other = { ...guard, tools: guardWith(lelu).tools }
  await expect(
    generate({ guard: other, tools, model: scriptedModel([[allowed]]).model }),
  ).rejects.toMatchObject({ code: 'LELU_TOOL_UNSUPPORTED' })
  expect(ran).toEqual([])
})

test('an engine that cannot decide denies a new call, and the run goes on', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const { model } = scriptedModel([[allowed, reviewed]])
  await lelu.close()
  const { result, messages } = await generate({ guard: guardWith(lelu), tools, model })
  const reason = 'This engine is closed. The call did not run.'
  expect(answers(messages)).toEqual({
    a: { type: 'execution-denied', reason },
    r: { type: 'execution-denied', reason },
  })
  expect(result.text).toBe('Finished.')
  expect(ran).toEqual([])
})

test('tools that run elsewhere stay as they are, and are named', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const atClient = tool({ inputSchema: z.object({}), outputSchema: z.string() })
  const tools = { ...createTools().tools, denied: atClient }
  expect(guard.tools(tools).denied).toBe(atClient)
  expect(guard.uncovered(tools)).toEqual(['denied'])
  const { model } = scriptedModel([[{ id: 'd', tool: 'denied', input: {} }]])
  const { result } = await generate({ guard, tools, model })
  expect(result.finishReason).toBe('tool-calls')
  const asked = {
    toolCall: { toolCallId: 'p', toolName: 'allowed', input: {}, providerExecuted: true },
    tools: guard.tools(tools),
    messages: question,
    runtimeContext: {},
    toolsContext: {},
  }
  expect(await guard.toolApproval()(asked)).toBeUndefined()
  expect(logOf(lelu)).toEqual([])
})

test('guarding twice decides once, and hidden properties of a tool stay', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  Object.defineProperty(tools.allowed, 'hidden', { value: 'here' })
  const twice = guard.tools(guard.tools(tools))
  expect((twice.allowed as { hidden?: string }).hidden).toBe('here')
  const { model } = scriptedModel([[allowed]])
  await generate({ guard, tools: twice, model })
  expect(logOf(lelu)).toEqual(['decision allow', 'outcome completed'])
  expect(ran).toHaveLength(1)
})

test('of two calls with one id in one answer none runs, and nothing is left to approve', async () => {
  for (const run of [generate, stream]) {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const { tools, ran } = createTools()
    const same = { id: 'same' }
    const { model } = scriptedModel([
      [
        { ...allowed, ...same },
        { ...reviewed, ...same },
      ],
      [
        { ...reviewed, id: 'two' },
        { ...allowed, id: 'two' },
      ],
    ])
    const { messages } = await run({ guard, tools, model })
    expect(ran).toEqual([])
    expect(JSON.stringify(messages)).toContain('Another call of the same answer has the same id')
    const { approvals } = await lelu.approvals.list({ state: 'pending' })
    expect(approvals).toEqual([])
    // The first call of the first pair was allowed, and its end is not left open.
    await expect.poll(() => logOf(lelu)).toContain('outcome not_run')
  }
})

test('names that every object inherits are tools like any other', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const ran: string[] = []
  const own = (name: string) =>
    tool({ inputSchema: z.object({}), execute: () => `${ran.push(name)}` })
  const tools = Object.fromEntries(['constructor', '__proto__'].map((name) => [name, own(name)]))
  expect(Object.keys(guard.tools(tools))).toEqual(['constructor', '__proto__'])
  const calls = ['constructor', '__proto__', 'toString'].map((name) => ({
    id: name.replaceAll('_', ''),
    tool: name,
    input: {},
  }))
  const { messages } = await generate({ guard, tools, model: scriptedModel([calls]).model })
  expect(ran).toEqual([])
  expect(answers(messages).proto).toMatchObject({ type: 'execution-denied' })
})
