import { once } from 'node:events'
import { suitePolicy } from '@lelu/testing/fakes'
import { generateText, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { AiGuard, ToolApproval } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'
import {
  approveAll,
  createTools,
  generate,
  guardWith,
  logOf,
  openLelu,
  question,
} from './support.ts'

const call = (name: string) => [{ id: 'c', tool: name, input: { amount: 5, note: 'x' } }]

/** The question about a call that `guard.model` has answered under this signal. */
async function asked(guard: AiGuard, name: string, abortSignal: AbortSignal) {
  const { tools, ran } = createTools()
  const { model } = scriptedModel([call(name)])
  const { content } = await guard.model(model).doGenerate({ prompt: [], abortSignal })
  const { providerMetadata } = content[0] as { providerMetadata?: Record<string, unknown> }
  const toolCall = { toolCallId: 'c', toolName: name, input: { amount: 5, note: 'x' } }
  const answer = guard.toolApproval()({
    toolCall: { ...toolCall, ...(providerMetadata && { providerMetadata }) },
    tools: guard.tools(tools),
    messages: [...question],
    runtimeContext: {},
    toolsContext: {},
  })
  return { answer, ran }
}

test('an allowed call of a run that is aborted ends in the log at once, as not run', async () => {
  const lelu = await openLelu()
  const control = new AbortController()
  const { answer, ran } = await asked(guardWith(lelu), 'allowed', control.signal)
  expect(await answer).toBeUndefined()
  await expect.poll(() => logOf(lelu)).toEqual(['decision allow'])
  control.abort()
  await expect.poll(() => logOf(lelu)).toEqual(['decision allow', 'outcome not_run'])
  expect(ran).toEqual([])
})

test('a run that is aborted while the policy decides runs nothing', async () => {
  const control = new AbortController()
  const lelu = await openLelu({
    policies: {
      ...suitePolicy,
      evaluate(input) {
        control.abort()
        return suitePolicy.evaluate(input)
      },
    },
  })
  const { answer, ran } = await asked(guardWith(lelu), 'allowed', control.signal)
  await answer
  await expect.poll(() => logOf(lelu)).toEqual(['decision allow', 'outcome not_run'])
  expect(ran).toEqual([])
})

test('a run that is aborted between decision and execution runs nothing', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const control = new AbortController()
  const toolApproval: ToolApproval = async (question) => {
    const status = await guard.toolApproval()(question)
    control.abort()
    return status
  }
  const running = generateText({
    model: scriptedModel([call('allowed')]).model, // without guard.model: only `execute` hears of it
    tools: guard.tools(tools),
    toolApproval,
    messages: question,
    abortSignal: control.signal,
  })
  await running.catch(() => {})
  await expect.poll(() => logOf(lelu)).toEqual(['decision allow', 'outcome not_run'])
  expect(ran).toEqual([])
})

test.each(['run', 'limit for tools'])(
  'a tool that is cut off by the end of its %s may still take effect: the log does not say failed',
  async (by) => {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const control = new AbortController()
    const allowed = tool({
      inputSchema: z.object({ amount: z.number(), note: z.string() }),
      async execute(_input, { abortSignal }): Promise<string> {
        if (by === 'run') control.abort()
        if (abortSignal?.aborted === false) await once(abortSignal, 'abort')
        throw new Error('The connection was closed.')
      },
    })
    const running = generateText({
      model: scriptedModel([call('allowed')]).model, // without guard.model: only `execute` hears of it
      tools: guard.tools({ allowed }),
      toolApproval: guard.toolApproval(),
      messages: question,
      ...(by === 'run' ? { abortSignal: control.signal } : { timeout: { toolMs: 10 } }),
    })
    await running.catch(() => {})
    await expect.poll(() => logOf(lelu)).toEqual(['decision allow', 'outcome unknown'])
  },
)

test('an abort ends the wait for a person, and the run', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu, { mode: 'wait', waitMs: 30_000 })
  const control = new AbortController()
  const { tools, ran } = createTools()
  const running = generate({
    guard,
    tools,
    model: guard.model(scriptedModel([call('reviewed')]).model),
    abortSignal: control.signal,
  })
  const ended = expect(running).rejects.toThrow(/abort/i)
  await expect.poll(async () => (await lelu.approvals.list()).approvals.length).toBe(1)
  control.abort()
  await ended
  // The history ends before the call: nobody could resume it.
  expect((await lelu.approvals.list()).approvals).toMatchObject([{ state: 'cancelled' }])
  expect(ran).toEqual([])
})

test('an abort ends the wait inside execute too, and leaves nothing to approve', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu, { mode: 'wait', waitMs: 30_000 })
  const control = new AbortController()
  const { tools, ran } = createTools()
  const running = generateText({
    model: scriptedModel([call('reviewed')]).model,
    tools: guard.tools(tools), // without toolApproval
    messages: question,
    abortSignal: control.signal,
  }).catch(() => {})
  await expect.poll(async () => (await lelu.approvals.list()).approvals.length).toBe(1)
  control.abort()
  await running
  await expect
    .poll(async () => (await lelu.approvals.list()).approvals)
    .toMatchObject([{ state: 'cancelled' }])
  expect(ran).toEqual([])
})

test('a call that is approved while it waits is claimed only when it executes', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu, { mode: 'wait', waitMs: 30_000 })
  const { answer, ran } = await asked(guard, 'reviewed', new AbortController().signal)
  await expect.poll(async () => (await lelu.approvals.list()).approvals.length).toBe(1)
  await approveAll(lelu)
  expect(await answer).toBeUndefined()
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ state }) => state)).toEqual(['approved'])
  expect(ran).toEqual([])
})
