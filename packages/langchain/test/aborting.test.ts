import { Command } from '@langchain/langgraph'
import { tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  agentWith,
  approve,
  ask,
  calling,
  config,
  guardedAgent,
  openLelu,
  type Place,
  reviewer,
  toolMessages,
  waitingId,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** The engine, and what it hears of calls that throw. */
function overheard(lelu: Lelu) {
  const heard: { name?: string; code?: string }[] = []
  const guard: typeof lelu.guard = (request, execute, ...rest) =>
    lelu.guard(
      request,
      async (...given) => {
        try {
          return await execute(...given)
        } catch (error) {
          heard.push(error as object)
          throw error
        }
      },
      ...rest,
    )
  return { heard, heardLelu: { ...lelu, guard } }
}

/** An approved call that is at work until it is let go. */
async function atWork(place: Place, lelu: Lelu) {
  const started = Promise.withResolvers<void>()
  const slow = tool(
    async () => {
      started.resolve()
      await new Promise(() => {})
      return ''
    },
    { name: 'reviewed', schema: z.object({}) },
  )
  const answers = [calling({ name: 'reviewed', args: {} })]
  const agent = guardedAgent({ lelu, answers, tools: [slow], place })
  return { agent, id: waitingId(await agent.invoke(ask, config)), started: started.promise }
}

const reasons: [string, Error | undefined][] = [
  ['without a reason', undefined],
  ['with a reason of its own', new Error('the user left')],
  ['by a timeout', new DOMException('The operation timed out.', 'TimeoutError')],
]

test.each(
  reasons.flatMap(([name, reason]) => [
    ['middleware', name, reason] as const,
    ['guardTool', name, reason] as const,
  ]),
)(
  'behind %s, a run that is aborted %s leaves it open whether its call took effect',
  async (place, _name, reason) => {
    const lelu = await openLelu()
    const { agent, id, started } = await atWork(place, lelu)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer })
    const control = new AbortController()
    const run = agent.invoke(new Command({ resume: true }), { ...config, signal: control.signal })
    await started
    control.abort(reason)
    await expect(run).rejects.toThrow(reason?.message ?? 'aborted')
    await expect
      .poll(async () => (await lelu.approvals.get(id)).state, { timeout: 30_000 })
      .toBe('unknown')
    const next = toolMessages(await agent.invoke(new Command({ resume: true }), config)).call_0
    expect(next?.text).toContain('took effect is not known')
  },
)

test('a tool that fails by itself has failed, and the log says so', async () => {
  const lelu = await openLelu()
  const { heard, heardLelu } = overheard(lelu)
  const broken = () => {
    throw new TypeError('no such account')
  }
  const agent = guardedAgent({
    lelu: heardLelu,
    answers: [calling({ name: 'allowed', args: {} })],
    tools: [tool(broken, { name: 'allowed', schema: z.object({}) })],
  })
  await agent.invoke(ask, { ...config, signal: new AbortController().signal })
  expect(heard).toMatchObject([{ name: 'TypeError' }])
})

test('an allowed call whose step waits for a person is told to the log as one that did not run', async () => {
  const lelu = await openLelu()
  const { heard, heardLelu } = overheard(lelu)
  const { agent, runsOf } = agentWith({
    lelu,
    answers: [calling({ id: 'a', name: 'allowed' }, { id: 'r', name: 'reviewed' })],
    version: 'v1',
    options: { lelu: heardLelu },
  })
  const id = waitingId(await agent.invoke(ask, config))
  expect(heard).toMatchObject([{ code: 'LELU_CALL_INVALID' }])
  expect(runsOf('allowed')).toBe(0)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await agent.invoke(new Command({ resume: true }), config)
  expect([runsOf('allowed'), runsOf('reviewed'), heard.length]).toEqual([1, 1, 1])
})

test('after a reviewer’s edit a guarded tool finds the edited input in its call, too', async () => {
  const lelu = await openLelu()
  const seen: unknown[] = []
  const reviewed = tool((input, runtime) => `${seen.push(input, runtime.toolCall?.args)}`, {
    name: 'reviewed',
    schema: z.object({ amount: z.number() }),
  })
  const answers = [calling({ name: 'reviewed' })]
  const agent = guardedAgent({ lelu, answers, tools: [reviewed], place: 'guardTool' })
  await approve(lelu, await agent.invoke(ask, config), { input: { amount: 1 } })
  await agent.invoke(new Command({ resume: true }), config)
  expect(seen).toEqual([{ amount: 1 }, { amount: 1 }])
})
