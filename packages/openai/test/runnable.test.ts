import { standardFunction } from 'openai/helpers/standard-schema'
import { zodFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfidenceReader, GuardableTool } from '../src/index.ts'
import { call, openWorld, reviewer, type World, wireOf } from './support.ts'
import type { WireCall } from './wire.ts'

const model = 'gpt-test'
const messages = [{ role: 'user' as const, content: 'Go on.' }]

/** Runs the SDK's own loop over one message with these calls, and what the model was answered. */
async function runOnce(tools: Parameters<World['guard']['runnable']>[0][], calls: WireCall[]) {
  const { client, requests } = await wireOf([{ calls }])
  const runner = client.chat.completions.runTools({ model, messages, tools: tools as never })
  const error = await runner.done().then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  const answers = runner.messages.flatMap((one) =>
    one.role === 'tool' ? [String(one.content)] : [],
  )
  return { answers, error, requests, runner }
}

test('in mode suspend no tool can be made runnable, for nothing could be suspended', async () => {
  const { guard, make, tools } = await openWorld()
  const [tool] = tools
  if (tool === undefined) throw new Error('no tool')
  expect(() => guard.runnable(tool)).toThrow('runTools() cannot suspend a call')
  expect(() => make({ mode: 'suspend' }).runnable(tool)).toThrow(
    expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
  )
})

test('runTools runs what is allowed, refuses what is denied, and tells of what waits', async () => {
  const { make, tools, amounts } = await openWorld({ mode: 'tell-model' })
  const guard = make()
  const { answers } = await runOnce(tools.map(guard.runnable), [
    call('a', 'allowed', { amount: 1, note: 'n' }),
    call('d', 'denied', { amount: 2, note: 'n' }),
    call('r', 'reviewed', { amount: 3, note: 'n' }),
    call('x', 'nobody', { amount: 4, note: 'n' }),
  ])
  expect(answers).toEqual([
    'allowed did 1',
    expect.stringContaining('Denied by policy'),
    expect.stringContaining('Waiting for a person'),
    expect.stringContaining('Invalid tool_call: "nobody"'),
  ])
  expect(amounts()).toEqual([1])
})

test('the tools that are shown can be made runnable as well, with the field of the reader once', async () => {
  const added = { name: 'confidence', schema: { type: 'number' } }
  const confidence: ConfidenceReader = Object.assign(() => undefined, { added })
  const { make, amounts } = await openWorld({ mode: 'tell-model', confidence })
  const guard = make()
  const calls = [call('a', 'allowed', { amount: 1, note: 'n', confidence: 1 })]
  const { answers, requests } = await runOnce(guard.tools.map(guard.runnable), calls)
  expect(answers).toEqual(['allowed did 1'])
  expect(JSON.stringify(requests[0]?.tools)).toContain('"required":["amount","note","confidence"]')
  expect(amounts()).toEqual([1])
})

test('every call finds its own id, with equal arguments too', async () => {
  const { make, tools, lelu, amounts } = await openWorld({ mode: 'wait', waitMs: 0 })
  const guard = make()
  const calls = ['r1', 'r2'].map((id) => call(id, 'reviewed'))
  await runOnce(tools.map(guard.runnable), [
    ...calls,
    call('r3', 'reviewed', { amount: 6, note: 'n' }),
  ])
  const { approvals } = await lelu.approvals.list()
  const ids = approvals.map(({ request }) => request.call.id.split('#')[0])
  expect(ids.sort()).toEqual(['r1', 'r2', 'r3'])
  expect(amounts()).toEqual([])
})

test('a call that nobody decides in time is cancelled, so that a late approval runs nothing', async () => {
  const { make, tools, lelu, amounts } = await openWorld({ mode: 'wait', waitMs: 0 })
  const { answers } = await runOnce(tools.map(make().runnable), [call('r', 'reviewed')])
  expect(answers).toEqual([expect.stringContaining('cancelled: nobody decided in time')])
  const [approval] = (await lelu.approvals.list()).approvals
  expect(approval?.state).toBe('cancelled')
  const late = lelu.approvals.review(approval?.id ?? '', { verdict: 'approve', reviewer })
  await expect(late).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  expect(amounts()).toEqual([])
})

test('an id that an older run used is a new call', async () => {
  const { make, tools, lelu } = await openWorld({ mode: 'wait', waitMs: 0 })
  for (let round = 0; round < 2; round += 1) {
    await runOnce(tools.map(make().runnable), [call('call_0', 'reviewed')])
  }
  expect((await lelu.approvals.list()).approvals).toHaveLength(2)
})

test('a call that is decided in the last moment is answered as it was decided', async () => {
  const { make, tools, lelu, amounts } = await openWorld({ mode: 'wait', waitMs: 0 })
  const { approvals } = lelu
  const late: typeof approvals = {
    ...approvals,
    async cancel(id, options) {
      await approvals.review(id, { verdict: 'deny', reviewer, reason: 'no' })
      return approvals.cancel(id, options)
    },
  }
  const guard = make({ lelu: { guard: lelu.guard, approvals: late } })
  const { answers } = await runOnce(tools.map(guard.runnable), [call('r', 'reviewed')])
  expect(answers).toEqual([expect.stringContaining('A reviewer denied this call: no')])
  expect(amounts()).toEqual([])
})

test('of calls with one id only the first runs', async () => {
  const { make, tools, amounts } = await openWorld({ mode: 'tell-model' })
  const calls = [1, 2].map((amount) => call('same', 'allowed', { amount, note: 'n' }))
  const { answers } = await runOnce(tools.map(make().runnable), calls)
  expect(answers).toEqual(['allowed did 1', expect.stringContaining('has the same id')])
  expect(amounts()).toEqual([1])
})

test('a tool that throws ends the run with its error, as without us', async () => {
  const { make, tools } = await openWorld({ mode: 'tell-model' })
  const guarded = await runOnce(tools.map(make().runnable), [call('f', 'allowed_fails')])
  const bare = await runOnce(tools, [call('f', 'allowed_fails')])
  expect(guarded.error?.message).toBe('allowed_fails went wrong')
  expect(guarded.error?.message).toBe(bare.error?.message)
})

test('arguments that the schema refuses are answered in the words of the SDK, and run nothing', async () => {
  const { make, tools, amounts } = await openWorld({ mode: 'tell-model' })
  const calls = [call('a', 'allowed', { amount: 'much' })]
  const guarded = await runOnce(tools.map(make().runnable), calls)
  const bare = await runOnce(tools, calls)
  expect(guarded.answers).toEqual(bare.answers)
  expect(guarded.answers[0]).toContain('invalid_type')
  expect(amounts()).toEqual([])
})

/** A function tool of every kind, with this name. */
function toolsOfEveryKind(name: string, take: (...args: unknown[]) => string): GuardableTool[] {
  const parameters = z.object({ amount: z.number() })
  const schema = { type: 'object' as const, properties: { amount: { type: 'number' as const } } }
  return [
    zodFunction({ name, parameters, description: 'd', function: take }),
    standardFunction({ name, parameters, function: take }),
    {
      type: 'function',
      function: {
        name,
        description: '',
        parameters: schema,
        parse: JSON.parse,
        function: take,
      },
    },
    {
      type: 'function',
      function: { name, description: '', parameters: schema, function: take },
    },
  ]
}

test('every kind of function tool is shown and called as without us, runner and context included', async () => {
  const { make } = await openWorld({ mode: 'tell-model' })
  const got: unknown[][] = []
  const take = (...args: unknown[]) => {
    got.push(args)
    return `got ${JSON.stringify(args[0])}`
  }
  for (const tool of toolsOfEveryKind('allowed', take)) {
    const calls = [call('a', 'allowed', { amount: 5 })]
    const guarded = await runOnce([make({ tools: [tool] }).runnable(tool)], calls)
    const bare = await runOnce([tool], calls)
    expect(guarded.answers).toEqual(bare.answers)
    expect(JSON.stringify(guarded.requests)).toBe(JSON.stringify(bare.requests))
    const [ours, theirs] = got.splice(0)
    expect(ours?.[0]).toEqual(theirs?.[0])
    expect(ours?.[1]).toBe(guarded.runner)
  }
})

test('no kind of function tool runs when it is denied', async () => {
  const { make } = await openWorld({ mode: 'tell-model' })
  const got: unknown[][] = []
  for (const tool of toolsOfEveryKind('denied', (...args) => `${got.push(args)}`)) {
    const guard = make({ tools: [tool] })
    const { answers } = await runOnce([guard.runnable(tool)], [call('a', 'denied', { amount: 5 })])
    expect(answers).toEqual([expect.stringContaining('Denied by policy')])
  }
  expect(got).toEqual([])
})

test('a reader sees the completion of the runner, and its field is shown and taken out', async () => {
  const seen: unknown[] = []
  const reader: ConfidenceReader = Object.assign(
    ({ reported, model: name }: { reported?: unknown; model?: string }) => {
      seen.push([reported, name])
      return undefined
    },
    { added: { name: 'confidence', schema: { type: 'number' } } },
  )
  const { make, tools, effects } = await openWorld({ mode: 'tell-model', confidence: reader })
  const calls = [call('a', 'allowed', { amount: 5, note: 'n', confidence: 0.3 })]
  const { requests } = await runOnce(tools.map(make().runnable), calls)
  expect(JSON.stringify(requests[0]?.tools)).toContain('"confidence"')
  expect(seen).toEqual([[0.3, model]])
  expect(effects()).toEqual([{ tool: 'allowed', input: { amount: 5, note: 'n' } }])
})

test('called by anything but runTools, or for a call that is not there, the tool does not run', async () => {
  const { make, tools, amounts } = await openWorld({ mode: 'tell-model' })
  const [allowed] = tools.map(make().runnable)
  if (allowed?.$callback === undefined) throw new Error('no callback')
  const run = allowed.$callback as (...args: unknown[]) => Promise<unknown>
  const parsed = allowed.$parseRaw('{"amount":5,"note":"n"}')
  const asked = (name: string, text: string) => ({
    messages: [
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { name, arguments: text } }],
      },
    ],
  })
  const cases = [
    [parsed],
    [{ amount: 5, note: 'n' }, asked('allowed', '{"amount":5,"note":"n"}')],
    [parsed, { messages: [] }],
    [parsed, asked('allowed', '{"amount":6}')],
    [parsed, asked('other', '{"amount":5,"note":"n"}')],
  ]
  for (const args of cases) {
    await expect(run(...args)).rejects.toMatchObject({ code: 'LELU_CALL_INVALID' })
  }
  expect(amounts()).toEqual([])
})

test('a tool without a function cannot be made runnable', async () => {
  const { make } = await openWorld({ mode: 'wait' })
  const shown = zodFunction({ name: 'allowed', parameters: z.object({}) })
  const custom: GuardableTool = { type: 'custom', name: 'free', function: () => '' }
  for (const tool of [shown, custom]) {
    expect(() => make().runnable<GuardableTool>(tool)).toThrow(
      'no function that runTools() could call',
    )
  }
})
