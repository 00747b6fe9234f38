import { convertToModelMessages, type ToolSet, tool, type UIMessage } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask, copyOf, isValid, post, toolPart } from './chat-server.ts'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, generate, guardWith, openLelu, stream } from './support.ts'

const endings = [
  ['failed', new Error('half of it'), 'ran and failed.'],
  ['may have taken effect', new DOMException('cut', 'AbortError'), 'took effect is not known'],
] as const

function failing(error: Error) {
  let runs = 0
  const tools: ToolSet = {
    reviewed: tool({
      inputSchema: z.object({ amount: z.number() }),
      execute(): string {
        runs += 1
        throw error
      },
    }),
  }
  return { tools, runs: () => runs }
}

const step = [[{ id: 'c', tool: 'reviewed', input: { amount: 5 } }]]

test.each(endings)(
  'of a call that %s, a history that is posted again is told an error, not a denial',
  async (_what, error, text) => {
    for (const run of [generate, stream]) {
      const lelu = await openLelu()
      const guard = guardWith(lelu)
      const { tools, runs } = failing(error)
      const first = await run({ guard, tools, model: scriptedModel(step).model })
      await approveAll(lelu)
      const { messages } = await guard.settle(first.messages)
      const again = () => run({ guard, tools, messages, model: scriptedModel([]).model })
      await again().catch(() => {})
      expect(answers((await again()).messages).c).toEqual({
        type: 'error-text',
        value: expect.stringContaining(text),
      })
      expect(runs()).toBe(1)
    }
  },
)

test.each(endings)(
  'a chat never says that a call which %s was refused, also where it was stored so',
  async (_what, error, text) => {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const { tools } = failing(error)
    const first = await post(guard, tools, [ask], scriptedModel(step))
    await approveAll(lelu)
    await post(guard, tools, first.chat).catch(() => {})
    const { stored } = await post(guard, tools, first.chat)
    expect(toolPart(stored, 'reviewed')).toMatchObject({ state: 'output-error' })

    const refused = copyOf(first.chat)
    const part = toolPart(refused, 'reviewed')
    Object.assign(part ?? {}, { state: 'output-denied' })
    for (const chat of [stored, refused]) {
      const next: UIMessage[] = copyOf([...chat, { ...ask, id: 'u2' }])
      const later = await guard.cancelAbandoned(next, { tools })
      expect(await isValid(later, tools)).toBe(true)
      expect(answers(await convertToModelMessages(later)).c).toEqual({
        type: 'error-text',
        value: expect.stringContaining(text),
      })
    }
  },
)

// As a chat is stored whose user pressed "stop" while the tool yielded its values.
test.each(endings)(
  'of a call that %s, what a chat had shown so far is not told as its result',
  async (_what, error, text) => {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const { tools } = failing(error)
    const first = await post(guard, tools, [ask], scriptedModel(step))
    await approveAll(lelu)
    await post(guard, tools, first.chat).catch(() => {})

    const stopped = copyOf(first.chat)
    const part = toolPart(stopped, 'reviewed')
    const approval = { ...part?.approval, approved: true }
    const shown = { state: 'output-available', output: 'a quarter', preliminary: true }
    Object.assign(part ?? {}, { ...shown, approval })
    const later = await guard.cancelAbandoned([...stopped, { ...ask, id: 'u2' }], { tools })
    expect(await isValid(later, tools)).toBe(true)
    expect(answers(await convertToModelMessages(later)).c).toEqual({
      type: 'error-text',
      value: expect.stringContaining(text),
    })
    expect(toolPart(later, 'reviewed')).not.toHaveProperty('preliminary')
  },
)
