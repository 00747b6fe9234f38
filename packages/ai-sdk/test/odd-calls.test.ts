import { expect, test } from 'vitest'
import { scriptedModel } from './scripted-model.ts'
import { createTools, generate, guardWith, openLelu, stream } from './support.ts'

test('a call whose id the SDK would lose leaves nothing to approve, and the model is told', async () => {
  for (const run of [generate, stream]) {
    const lelu = await openLelu()
    const { tools, ran } = createTools()
    const call = { id: '__proto__', input: { amount: 5 } }
    const { model } = scriptedModel([
      [{ ...call, tool: 'reviewed' }],
      [{ ...call, tool: 'allowed' }],
    ])
    const { messages } = await run({ guard: guardWith(lelu), tools, model })
    expect(ran).toEqual([])
    expect((await lelu.approvals.list()).approvals).toEqual([])
    const told = messages.flatMap((message) => (message.role === 'tool' ? message.content : []))
    expect(told).toHaveLength(2)
    expect(JSON.stringify(told)).toContain('A call with this id cannot be answered.')
  }
})

test('a tool that code executes without naming its call does not run, and says what to pass', async () => {
  const { tools, ran } = createTools()
  const { allowed } = guardWith(await openLelu()).tools(tools)
  for (const options of [undefined, {}, { toolCallId: 'a' }, { messages: [] }]) {
    const given = [{ amount: 5, note: 'x' }, options] as never as Parameters<typeof allowed.execute>
    await expect(allowed.execute(...given)).rejects.toMatchObject({
      code: 'LELU_CALL_INVALID',
      help: expect.stringContaining('{ toolCallId, messages }'),
    })
  }
  expect(ran).toEqual([])
})
