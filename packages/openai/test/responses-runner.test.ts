import { suiteTools } from '@lelu/testing'
import { zodResponsesFunction } from 'openai/helpers/zod'
import { expect, test as testOf } from 'vitest'
import type { GuardFunctionsOptions } from '../src/index.ts'
import { call, openWorld, reviewer, wireOf } from './support.ts'
import type { WireCall } from './wire.ts'

/** The SDK has had this runner since 7.33; nothing of ours imports it. */
const helper = await import('openai/helpers/responses-tool-runner').catch(() => undefined)
const missing = helper === undefined ? ' (skipped: this version of the SDK has no runner)' : ''
const test = (name: string, run: () => Promise<void>) =>
  testOf.skipIf(helper === undefined)(`${name}${missing}`, run)

const params = { model: 'gpt-test', input: [{ role: 'user' as const, content: 'Go on.' }] }

function runnerClass() {
  if (helper === undefined) throw new Error('skipped')
  return helper.ResponsesToolRunner
}

/** A runner over the suite's tools, and a model that makes these calls and finishes. */
async function openRunner(calls: WireCall[], options: Partial<GuardFunctionsOptions>) {
  const world = await openWorld(options)
  const functions = suiteTools(world.directory).map(({ name, description, schema, run }) =>
    world.guard.runnerFunction(
      zodResponsesFunction({ name, description, parameters: schema, function: run }),
    ),
  )
  const { client, requests } = await wireOf([{ calls }, { text: 'Finished.' }])
  return { ...world, client, requests, runner: new (runnerClass())({ functions }) }
}

const outputsOf = (requests: Record<string, unknown>[]) =>
  ((requests.at(-1)?.input ?? []) as { output?: unknown }[]).flatMap(({ output }) => output ?? [])

const three = [
  call('a', 'allowed', { amount: 1, note: 'n' }),
  call('d', 'denied', { amount: 2, note: 'n' }),
  call('r', 'reviewed', { amount: 3, note: 'n' }),
]

test('in mode tell-model the runner runs what is allowed, and the model reads of the rest', async () => {
  const { runner, client, requests, amounts } = await openRunner(three, { mode: 'tell-model' })
  await runner.run(client, params)
  expect(outputsOf(requests)).toEqual([
    'allowed did 1',
    expect.stringContaining('Denied by policy'),
    expect.stringContaining('Waiting for a person'),
  ])
  expect(amounts()).toEqual([1])
})

test('in mode wait a call that nobody decides in time is cancelled', async () => {
  const { runner, client, requests, lelu, amounts } = await openRunner(three.slice(2), {
    mode: 'wait',
    waitMs: 0,
  })
  await runner.run(client, params)
  expect(outputsOf(requests)).toEqual([expect.stringContaining('nobody decided in time')])
  expect((await lelu.approvals.list()).approvals).toMatchObject([{ state: 'cancelled' }])
  expect(amounts()).toEqual([])
})

test('in mode suspend the runner runs nothing by itself', async () => {
  const { runner, client, amounts } = await openRunner(three, {})
  await expect(runner.run(client, params)).rejects.toThrow('ResponsesToolRunner stopped')
  expect(amounts()).toEqual([])
})

test('in mode suspend a turn is answered by executeOutput, and a suspended one is left and taken up later', async () => {
  const { runner, client, guard, lelu, requests, amounts } = await openRunner(three, {})
  let left: { id: string; output: unknown[] } | undefined
  for await (const { response } of runner.iterate(client, params)) {
    const { ready, pending } = await guard.executeOutput(response)
    expect(pending).toHaveLength(1)
    await lelu.approvals.review(pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
    if (!ready) {
      left = JSON.parse(JSON.stringify(response))
      break
    }
  }
  expect(amounts()).toEqual([1])
  expect(requests).toHaveLength(1)
  const done = await guard.executeOutput(left as Parameters<typeof guard.executeOutput>[0])
  expect(done.ready).toBe(true)
  expect(done.items.at(-1)).toMatchObject({ output: 'reviewed did 3' })
})

test('outputs that are supplied at a turn replace the runs of the runner', async () => {
  const { runner, client, guard, requests, amounts } = await openRunner(three.slice(0, 2), {})
  for await (const { response, final, supplyOutputs } of runner.iterate(client, params)) {
    if (final) break
    const { items } = await guard.executeOutput(response)
    supplyOutputs(items as Parameters<typeof supplyOutputs>[0])
  }
  expect(outputsOf(requests)).toEqual([
    'allowed did 1',
    expect.stringContaining('Denied by policy'),
  ])
  expect(amounts()).toEqual([1])
})

test('a tool that throws ends the run, as without us', async () => {
  const calls = [call('f', 'allowed_fails')]
  const { runner, client, amounts } = await openRunner(calls, { mode: 'tell-model' })
  await expect(runner.run(client, params)).rejects.toThrow('ResponsesToolRunner stopped')
  expect(amounts()).toEqual([5])
})

test('hosted calls are approved only when the engine says so', async () => {
  const names = ['allowed_read', 'denied_read', 'reviewed_read']
  const calls = names.map((name) => ({
    id: `mcpr_${name}`,
    name,
    arguments: '{}',
    type: 'mcp' as const,
  }))
  const server = {
    type: 'mcp' as const,
    server_label: 'files',
    server_url: 'https://files.example.com',
    require_approval: 'always' as const,
  }
  for (const [mode, state] of [
    ['tell-model', 'pending'],
    ['wait', 'cancelled'],
  ] as const) {
    const world = await openRunner(calls, { mode, waitMs: 0 })
    const { runner, client, guard, requests, lelu } = world
    await runner.run(client, { ...params, tools: [server] }, { approveMcp: guard.approveMcp })
    const input = (requests.at(-1)?.input ?? []) as { approve?: unknown }[]
    expect(input.flatMap(({ approve }) => approve ?? [])).toEqual([true, false, false])
    expect((await lelu.approvals.list()).approvals).toMatchObject([{ state }])
  }
})

test('in mode suspend there is no approveMcp', async () => {
  const { guard } = await openWorld()
  expect(() => guard.approveMcp).toThrow(expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }))
})
