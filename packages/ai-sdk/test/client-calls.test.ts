import { type ModelMessage, type ToolSet, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, generate, guardWith, openLelu } from './support.ts'

// The SDK runs the approved call and then fails on the other: the result would be in no history.
test('settle is not ready while a call beside the approved one, which the client answers, has no result', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const inputSchema = z.object({ amount: z.number() })
  const long = 'x'.repeat(70_000) // more than is kept
  const tools = {
    reviewed: tool({ inputSchema, execute: () => long }),
    client: tool({ inputSchema }),
  } as unknown as ToolSet
  const calls = [
    { id: 'c1', tool: 'reviewed', input: { amount: 5 } },
    { id: 'c2', tool: 'client', input: { amount: 1 } },
  ]
  const { messages } = await generate({ guard, tools, model: scriptedModel([calls]).model })
  await approveAll(lelu)
  expect(await guard.settle(messages)).toMatchObject({ ready: false, pending: [] })
  const output = { type: 'text', value: 'ok' }
  const result = { type: 'tool-result', toolCallId: 'c2', toolName: 'client', output }
  const later = [...messages, { role: 'tool', content: [result] }] as ModelMessage[]
  const settled = await guard.settle(later)
  expect(settled.ready).toBe(true)
  const { model } = scriptedModel([])
  const done = await generate({ guard, tools, messages: settled.messages, model })
  expect(JSON.stringify(answers(done.messages).c1)).toContain(long)
})
