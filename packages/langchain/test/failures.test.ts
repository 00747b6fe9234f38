import { Command, MemorySaver } from '@langchain/langgraph'
import { isLeluError } from '@lelu/engine'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, LeluError, leluMiddleware, type MiddlewareOptions } from '../src/index.ts'
import { testPolicy } from './policy.ts'
import {
  agentOf,
  agentWith,
  approve,
  ask,
  calling,
  config,
  createTools,
  guardedAgent,
  openLelu,
  rootOf,
  subject,
  toolMessages,
} from './support.ts'

function bareAgent(options: { checkpointer?: MemorySaver }, lelu: MiddlewareOptions['lelu']) {
  const { tools, ran } = createTools()
  const agent = createAgent({
    model: fakeModel()
      .respond(calling({ name: 'reviewed' }))
      .respond(new AIMessage('Finished.')),
    tools,
    middleware: [leluMiddleware({ lelu, subject })],
    ...options,
  })
  return { agent, ran }
}

test('without a checkpointer nothing runs, no approval is left behind, and the error says what to do', async () => {
  const lelu = await openLelu()
  const { agent, ran } = bareAgent({}, lelu)
  const error = await rootOf(agent.invoke(ask, config))
  expect(error).toMatchObject({
    code: 'LELU_CHECKPOINTER_MISSING',
    help: expect.stringContaining('checkpointer'),
  })
  expect((await lelu.approvals.list()).approvals).toEqual([])
  expect(ran).toEqual([])
})

test('a call without an id does not run, for nothing could tell it from another', async () => {
  const lelu = await openLelu()
  const nameless = new AIMessage({
    content: '',
    tool_calls: [{ name: 'allowed', args: { amount: 1 } }],
  })
  const { agent, ran } = agentWith({ lelu, answers: [nameless] })
  expect(await rootOf(agent.invoke(ask, config))).toMatchObject({ code: 'LELU_CALL_INVALID' })
  expect(ran).toEqual([])
})

test('an allowed call without a checkpointer does not run either', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const agent = createAgent({
    model: fakeModel()
      .respond(calling({ name: 'allowed' }))
      .respond(new AIMessage('Finished.')),
    tools,
    middleware: [leluMiddleware({ lelu, subject })],
  })
  expect(await rootOf(agent.invoke(ask, config))).toMatchObject({
    code: 'LELU_CHECKPOINTER_MISSING',
  })
  expect(ran).toEqual([])
})

test('without a thread nothing runs and no approval is left behind', async () => {
  const lelu = await openLelu()
  const { agent, ran } = bareAgent({ checkpointer: new MemorySaver() }, lelu)
  await expect(agent.invoke(ask, {})).rejects.toThrow('thread_id')
  expect((await lelu.approvals.list()).approvals).toEqual([])
  expect(ran).toEqual([])
})

test.each([
  ['a policy that throws', 'policy'],
  ['a log that cannot be written', 'audit'],
  ['a store that does not answer', 'store'],
  ['an engine that is closed', 'engine'],
])('with %s nothing runs', async (_name, part) => {
  const evaluate = () => {
    throw new Error('broken policy')
  }
  const lelu = await openLelu(part === 'policy' ? { policies: { ...testPolicy, evaluate } } : {})
  if (part === 'audit') await lelu.audit.close()
  if (part === 'engine') await lelu.close()
  const guard: typeof lelu.guard =
    part === 'store'
      ? () =>
          Promise.reject(
            new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' }),
          )
      : lelu.guard
  const { tools, ran } = createTools()
  const agent = guardedAgent({
    lelu: { ...lelu, guard },
    answers: [calling({ name: 'allowed' })],
    tools,
  })
  await agent.invoke(ask, config).catch(() => {})
  expect(ran).toEqual([])
})

test('a store that is down while a call is resumed loses nothing: the thread stays at the call', async () => {
  const lelu = await openLelu()
  let down = false
  const guard: typeof lelu.guard = (request, execute) =>
    down
      ? Promise.reject(new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' }))
      : lelu.guard(request, execute)
  const { agent, ran } = agentWith({
    lelu,
    answers: [calling({ name: 'reviewed' })],
    options: { lelu: { ...lelu, guard } },
  })
  await approve(lelu, await agent.invoke(ask, config))
  down = true
  const error = await rootOf(agent.invoke(new Command({ resume: true }), config))
  expect(error).toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
  expect(ran).toEqual([])
  down = false
  const result = await agent.invoke(new Command({ resume: true }), config)
  expect(toolMessages(result).call_0?.text).toBe('reviewed did 5')
  expect(ran).toHaveLength(1)
})

test('an unknown answer of the engine is not a permission', async () => {
  const lelu = await openLelu()
  const guard = (async () => ({ status: 'granted' })) as unknown as typeof lelu.guard
  const { agent, ran } = agentWith({
    lelu,
    answers: [calling({ name: 'allowed' })],
    options: { lelu: { ...lelu, guard } },
  })
  expect(await rootOf(agent.invoke(ask, config))).toMatchObject({ code: 'LELU_CALL_INVALID' })
  expect(ran).toEqual([])
})

function failingTool(name: string) {
  return tool(
    () => {
      throw new TypeError('no such account')
    },
    { name, schema: z.object({}) },
  )
}

test.each(['allowed', 'reviewed'])(
  'the error of an %s tool reads as it does without a middleware',
  async (name) => {
    const lelu = await openLelu()
    const answers = () =>
      fakeModel()
        .respond(calling({ name, args: {} }))
        .respond(new AIMessage('Finished.'))
    const bare = createAgent({ model: answers(), tools: [failingTool(name)] })
    const expected = toolMessages(await bare.invoke(ask)).call_0
    const agent = agentOf({
      model: answers(),
      tools: [failingTool(name)],
      middleware: [leluMiddleware({ lelu, subject })],
    })
    let result = await agent.invoke(ask, config)
    if (name === 'reviewed') {
      await approve(lelu, result)
      result = await agent.invoke(new Command({ resume: true }), config)
    }
    const found = toolMessages(result).call_0
    expect(found?.text).toBe(expected?.text)
    expect(found).toMatchObject({ name: expected?.name, status: 'error' })
  },
)

test('with `toolErrors: throw` the error of a tool ends the run', async () => {
  const lelu = await openLelu()
  const agent = agentOf({
    model: fakeModel().respond(calling({ name: 'allowed', args: {} })),
    tools: [failingTool('allowed')],
    middleware: [leluMiddleware({ lelu, subject, toolErrors: 'throw' })],
  })
  await expect(agent.invoke(ask, config)).rejects.toThrow('no such account')
})

test('an approved call that failed is not run again', async () => {
  const lelu = await openLelu()
  let runs = 0
  const fails = tool(
    () => {
      runs += 1
      throw new Error('half done')
    },
    { name: 'reviewed', schema: z.object({}) },
  )
  const agent = guardedAgent({
    lelu,
    answers: [calling({ name: 'reviewed', args: {} })],
    tools: [fails],
    options: { toolErrors: 'throw' },
  })
  await approve(lelu, await agent.invoke(ask, config))
  await expect(agent.invoke(new Command({ resume: true }), config)).rejects.toThrow('half done')
  const result = await agent.invoke(new Command({ resume: true }), config)
  expect(toolMessages(result).call_0?.text).toContain('ran and failed')
  expect(runs).toBe(1)
})

test('a run that is aborted before its call is decided asks the engine nothing', async () => {
  const lelu = await openLelu()
  const controller = new AbortController()
  let asked = 0
  const guard: typeof lelu.guard = (request, execute) => {
    asked += 1
    return lelu.guard(request, execute)
  }
  const { agent, ran } = agentWith({
    lelu,
    answers: [calling({ name: 'allowed' })],
    options: {
      lelu: { ...lelu, guard },
      subject: () => {
        controller.abort()
        return subject
      },
    },
  })
  await expect(agent.invoke(ask, { ...config, signal: controller.signal })).rejects.toThrow()
  // The framework rejects at once; what the call still does is done after this.
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toBe(0)
  expect(ran).toEqual([])
})

const fakeEngine = { guard: async () => {}, approvals: {} }

test.each([
  ['nothing', undefined, 'lelu'],
  ['an unknown mode', { lelu: fakeEngine, subject, mode: 'auto' }, 'auto'],
  ['a wait that is no number', { lelu: fakeEngine, subject, waitMs: '5' }, 'waitMs'],
  ['no subject', { lelu: fakeEngine }, 'subject'],
  ['a misspelt option', { lelu: fakeEngine, subject, confidance: () => {} }, 'confidance'],
  ['a wrong word', { lelu: fakeEngine, subject, toolErrors: 'ignore' }, 'toolErrors'],
  ['a reader that is no function', { lelu: fakeEngine, subject, confidence: 0.9 }, 'confidence'],
])('options with %s are refused at once, by name', (_name, options, named) => {
  const wrong = options as unknown as MiddlewareOptions
  expect(() => leluMiddleware(wrong)).toThrow(named)
  const [first] = createTools().tools
  expect(() => guardTool(first, wrong)).toThrow(LeluError)
})

test('the engine knows the errors of this package', () => {
  expect(isLeluError(new LeluError('LELU_CALL_INVALID', 'x', { help: 'y' }))).toBe(true)
})
