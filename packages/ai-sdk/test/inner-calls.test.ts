import { type ToolSet, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { AiGuardOptions } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, generate, guardWith, openLelu, stream } from './support.ts'

type Given = Parameters<NonNullable<ToolSet[string]['execute']>>[1]

const inputSchema = z.object({ amount: z.number() })

/** Tools whose `execute` calls others with what the SDK gave it for its own call, or under an id that it makes of it. */
async function composed(options: Partial<AiGuardOptions> = {}, idOf = (id: string) => id) {
  const lelu = await openLelu()
  const guard = guardWith(lelu, options)
  const ran: string[] = []
  const plain = (name: string) =>
    tool({ inputSchema, execute: ({ amount }) => `${name} ${amount} as ${ran.push(name)}` })
  const inside = guard.tools({
    allowed: plain('allowed'),
    denied: plain('denied'),
    reviewed: plain('reviewed'),
  } as ToolSet)
  const calling = (...names: string[]) =>
    tool({
      inputSchema,
      async execute({ amount }, given) {
        ran.push('outer')
        const calls = names.map(async (name, index) => {
          const { execute } = inside[name] as { execute: (input: unknown, given: Given) => unknown }
          return execute(
            { amount: amount + index },
            { ...given, toolCallId: idOf(given.toolCallId) },
          )
        })
        return (await Promise.allSettled(calls)).map((one) =>
          one.status === 'fulfilled' ? one.value : String(one.reason),
        )
      },
    })
  return { lelu, guard, ran, calling }
}

const step = (name: string, id = 'c') => [{ id, tool: name, input: { amount: 5 } }]

test('an approved tool may call others, each decided as a call of its own', async () => {
  for (const run of [generate, stream]) {
    const chat = { runtimeContext: { chat: 'chat-1' } }
    const { lelu, guard, ran, calling } = await composed({
      run: ({ runtimeContext }) => (runtimeContext as { chat: string }).chat,
    })
    const tools = { reviewed_outer: calling('allowed', 'denied', 'allowed') }
    const { model } = scriptedModel([step('reviewed_outer')])
    const first = await run({ guard, tools, model, ...chat })
    await approveAll(lelu)
    for (const _post of [1, 2]) {
      const { messages } = await guard.settle(first.messages, chat)
      const done = await run({ guard, tools, messages, model: scriptedModel([]).model, ...chat })
      expect(answers(done.messages).c).toMatchObject({
        value: ['allowed 5 as 2', expect.stringContaining('Denied by policy'), 'allowed 7 as 3'],
      })
    }
    expect(ran).toEqual(['outer', 'allowed', 'allowed'])
  }
})

test('calls that a tool makes at once wait each for an approval of its own', async () => {
  const { lelu, guard, ran, calling } = await composed({ mode: 'wait', waitMs: 30_000 })
  const tools = { allowed_outer: calling('reviewed', 'reviewed') }
  const { model } = scriptedModel([step('allowed_outer')])
  const running = generate({ guard, tools, model })
  const pending = async () => (await lelu.approvals.list({ state: 'pending' })).approvals
  await expect.poll(async () => (await pending()).length).toBe(2)
  await approveAll(lelu)
  const { messages } = await running
  expect(JSON.stringify(answers(messages).c)).toMatch(/reviewed 5 as \d.*reviewed 6 as \d/)
  expect(ran).toHaveLength(3)
})

test('a call inside of a tool is another one in a later step, though the model uses its ids again', async () => {
  const made = (id: string) => `${id}:tool-0` // as code mode makes them
  const { lelu, guard, ran, calling } = await composed({ mode: 'wait', waitMs: 30_000 }, made)
  const tools = { allowed_outer: calling('reviewed') }
  const { model } = scriptedModel([step('allowed_outer'), step('allowed_outer')])
  const running = generate({ guard, tools, model })
  for (const before of [0, 1]) {
    const list = async () => (await lelu.approvals.list()).approvals
    await expect.poll(async () => (await list()).length).toBe(before + 1)
    await approveAll(lelu)
  }
  await running
  expect(ran).toEqual(['outer', 'reviewed', 'outer', 'reviewed'])
})
