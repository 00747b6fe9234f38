import { expect, test } from 'vitest'
import { scriptedModel } from './scripted-model.ts'
import { createTools, generate, guardWith, openLelu, question } from './support.ts'

const allowed = { id: 'a', tool: 'allowed', input: { amount: 5 } }

/** What the SDK hands to `execute`, from a caller that asked nobody before. */
const direct = () => ({ toolCallId: 'x', messages: [...question], context: undefined as never })

type Direct = (input: object, options: object) => unknown

test('a run that cannot be named runs nothing', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const { model } = scriptedModel([[allowed]])
  const guard = guardWith(lelu, {
    run: ({ runtimeContext }) => (runtimeContext as { chat?: string } | undefined)?.chat ?? '',
  })
  await expect(generate({ guard, tools, model })).rejects.toMatchObject({
    code: 'LELU_RUN_MISSING',
  })
  const execute = guard.tools(tools).allowed.execute as Direct
  await expect(execute({ amount: 5 }, direct())).rejects.toMatchObject({ code: 'LELU_RUN_MISSING' })
  expect(ran).toEqual([])
})

test('a run that reads a runtimeContext which was not passed tells what to pass', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const missing = {
    code: 'LELU_RUN_MISSING',
    help: expect.stringMatching(
      /^Pass `runtimeContext` and `toolApproval: guard\.toolApproval\(\)`/,
    ),
  }
  type Call = { runtimeContext: unknown }
  const one = ({ runtimeContext }: Call) => (runtimeContext as { chat: string }).chat
  const deep = ({ runtimeContext }: Call) =>
    (runtimeContext as { session: { id: string } }).session.id
  for (const run of [one, deep]) {
    const guard = guardWith(lelu, { run })
    const { model } = scriptedModel([[allowed]])
    await expect(generate({ guard, tools, model })).rejects.toMatchObject(missing)
    const execute = guard.tools(tools).allowed.execute as Direct
    await expect(execute({ amount: 5 }, direct())).rejects.toMatchObject(missing)
  }
  const guard = guardWith(lelu, { run: deep })
  const { model } = scriptedModel([[allowed]])
  const other = generate({ guard, tools, model, runtimeContext: { chat: 'a' } })
  await expect(other).rejects.toThrow(TypeError)
  expect(ran).toEqual([])
})
