import { zodFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  call,
  conversation,
  openLelu,
  openWorld,
  respond,
  reviewer,
  temporaryFolder,
} from './support.ts'

// Two requests of one server may take up the same message, and one of their clients goes away.

/** Tools in mode `wait`, and the id of the call that waits. */
async function waitingWorld() {
  const lelu = await openLelu(temporaryFolder())
  const waits = Promise.withResolvers<string>()
  const wait: typeof lelu.approvals.wait = (id, options) => {
    waits.resolve(id)
    return lelu.approvals.wait(id, options)
  }
  const watched = { ...lelu, approvals: { ...lelu.approvals, wait } }
  const world = await openWorld({ lelu: watched, mode: 'wait', waitMs: 30_000 })
  const approve = async () =>
    lelu.approvals.review(await waits.promise, { verdict: 'approve', reviewer })
  return { ...world, approve, waits: waits.promise }
}

test('when one of two that take up a message is aborted, the other one still waits for the approval', async () => {
  const { guard, approve, waits, amounts } = await waitingWorld()
  const { message, messages } = await conversation([call('a', 'reviewed')])
  const control = new AbortController()
  const first = guard.executeToolCalls(message, { messages, signal: control.signal })
  const second = guard.executeToolCalls(message, { messages })
  await waits
  control.abort()
  await expect(first).rejects.toMatchObject({ name: 'AbortError' })
  await approve()
  expect((await second).messages.map(({ content }) => content)).toEqual(['reviewed did 5'])
  expect(amounts()).toEqual([5])
})

test('so it is for a response', async () => {
  const { guard, approve, waits, amounts } = await waitingWorld()
  const { response } = await respond([call('a', 'reviewed')])
  const control = new AbortController()
  const first = guard.executeOutput(response, { signal: control.signal })
  const second = guard.executeOutput(response)
  await waits
  control.abort()
  await expect(first).rejects.toMatchObject({ name: 'AbortError' })
  await approve()
  expect((await second).items).toMatchObject([{ call_id: 'a', output: 'reviewed did 5' }])
  expect(amounts()).toEqual([5])
})

test('a tool that was at work for both when one is aborted is not run once more for the other', async () => {
  const control = new AbortController()
  const started = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  let runs = 0
  const tool = zodFunction({
    name: 'allowed',
    parameters: z.object({}),
    function: async () => {
      runs += 1
      started.resolve()
      await ended.promise
      throw new Error('half of it is done')
    },
  })
  const { guard } = await openWorld({ tools: [tool] })
  const { message, messages } = await conversation([call('a', 'allowed', {})])
  const first = guard.executeToolCalls(message, { messages, signal: control.signal })
  const second = guard.executeToolCalls(message, { messages })
  await started.promise
  control.abort()
  ended.resolve()
  await expect(first).rejects.toThrow('half of it is done')
  expect((await second).messages.map(({ content }) => content)).toEqual(['half of it is done'])
  expect(runs).toBe(1)
})
