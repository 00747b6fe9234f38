import { zodFunction, zodResponsesFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { call, openWorld, reviewer, type World, wireOf } from './support.ts'

/** The SDK has had this runner since 7.33; nothing of ours imports it. */
const helper = await import('openai/helpers/responses-tool-runner').catch(() => undefined)
const missing = helper === undefined ? ' (skipped: this version of the SDK has no runner)' : ''

const definition = {
  name: 'reviewed',
  parameters: z.object({ amount: z.number(), note: z.string() }),
  function: () => 'ran',
}

type Run = (world: World, signal: AbortSignal) => Promise<unknown>

const runTools: Run = async ({ guard }, signal) => {
  const { client } = await wireOf([{ calls: [call('r', 'reviewed')] }])
  const tools = [guard.runnable(zodFunction(definition))]
  const messages = [{ role: 'user' as const, content: 'Go on.' }]
  return client.chat.completions.runTools({ model: 'gpt-test', messages, tools }, { signal }).done()
}

const responsesRunner: Run = async ({ guard }, signal) => {
  if (helper === undefined) throw new Error('skipped')
  const { client } = await wireOf([{ calls: [call('r', 'reviewed')] }])
  const functions = [guard.runnerFunction(zodResponsesFunction(definition))]
  const input = [{ role: 'user' as const, content: 'Go on.' }]
  const runner = new helper.ResponsesToolRunner({ functions })
  return runner.run(client, { model: 'gpt-test', input }, { signal })
}

const statesOf = async ({ lelu }: World) =>
  (await lelu.approvals.list()).approvals.map(({ state }) => state)

async function cancelsWhenAborted(run: Run): Promise<void> {
  const world = await openWorld({ mode: 'wait', waitMs: 30_000 })
  const aborting = new AbortController()
  const ended = run(world, aborting.signal).then(
    () => undefined,
    (error: Error) => error,
  )
  await expect.poll(() => statesOf(world)).toEqual(['pending'])
  aborting.abort()
  expect(await ended).toBeInstanceOf(Error)
  await expect.poll(() => statesOf(world)).toEqual(['cancelled'])
  const [approval] = (await world.lelu.approvals.list()).approvals
  const late = world.lelu.approvals.review(approval?.id ?? '', { verdict: 'approve', reviewer })
  await expect(late).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
}

test('when runTools is aborted, the call that waits is cancelled, so that nobody approves it for nothing', () =>
  cancelsWhenAborted(runTools))

test.skipIf(helper === undefined)(
  `when ResponsesToolRunner is aborted, its call is cancelled as well${missing}`,
  () => cancelsWhenAborted(responsesRunner),
)
