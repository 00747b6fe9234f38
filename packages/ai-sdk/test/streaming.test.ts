import { tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, createTools, guardWith, logOf, openLelu, stream } from './support.ts'

const inputSchema = z.object({ amount: z.number() })

/** A tool that says how far it is, and whether it was ended early. */
function countingTools(seen: string[] = []) {
  const count = tool({
    inputSchema,
    async *execute({ amount }) {
      try {
        for (let step = 1; step <= amount; step += 1) {
          seen.push(`made ${step}`)
          yield `step ${step}`
        }
      } finally {
        seen.push('ended')
      }
    },
  })
  return { allowed: count, reviewed: count, denied: count }
}

const call = (name: string, amount = 3) => [{ id: 'c', tool: name, input: { amount } }]

const results = (parts: { type: string }[]) =>
  parts.flatMap((part) => {
    const { type, output, preliminary } = part as {
      type: string
      output?: unknown
      preliminary?: boolean
    }
    return type === 'tool-result'
      ? [`${preliminary === true ? 'so far' : 'result'}: ${output}`]
      : []
  })

test('a tool that yields shows its values as they come, and the last one is the result', async () => {
  const guard = guardWith(await openLelu())
  const tools = countingTools()
  const bare = {
    ...guard,
    tools: <T>(given: T) => given,
    toolApproval: () => async () => undefined,
  }
  const ours = await stream({ guard, tools, model: scriptedModel([call('allowed')]).model })
  const theirs = await stream({ guard: bare, tools, model: scriptedModel([call('allowed')]).model })
  expect(results(ours.parts)).toEqual([
    'so far: step 1',
    'so far: step 2',
    'so far: step 3',
    'result: step 3',
  ])
  expect(results(ours.parts)).toEqual(results(theirs.parts))
  expect(answers(ours.messages)).toEqual(answers(theirs.messages))
})

test('values are made one at a time, and no further ones when nobody listens any more', async () => {
  const guard = guardWith(await openLelu())
  const seen: string[] = []
  const { allowed } = guard.tools(countingTools(seen))
  const values = (allowed.execute as unknown as (...given: unknown[]) => AsyncGenerator<string>)(
    { amount: 100 },
    { toolCallId: 'c', messages: [] },
  )
  for await (const value of values) {
    seen.push(`took ${value}`)
    if (value === 'step 2') break
  }
  await expect.poll(() => seen.at(-1)).toBe('ended')
  expect(seen).toEqual(['made 1', 'took step 1', 'made 2', 'took step 2', 'ended'])
})

// As the SDK cuts it off when the run is aborted.
test('a tool that was cut off between its values is not on record as done with the last one', async () => {
  for (const [aborted, status, text] of [
    [true, 'unknown', 'took effect is not known'],
    [false, 'failed', 'ran and failed'],
  ] as const) {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const tools = countingTools()
    const first = await stream({ guard, tools, model: scriptedModel([call('reviewed')]).model })
    await approveAll(lelu)
    const { messages } = await guard.settle(first.messages)
    const control = new AbortController()
    const { execute } = guard.tools(tools).reviewed
    const values = (execute as unknown as (...given: unknown[]) => AsyncGenerator<string>)(
      { amount: 3 },
      { toolCallId: 'c', messages, abortSignal: control.signal },
    )
    for await (const value of values) {
      if (value !== 'step 2') continue
      if (aborted) control.abort()
      break
    }
    await expect
      .poll(async () => (await lelu.approvals.list()).approvals)
      .toMatchObject([{ state: status }])
    await expect.poll(() => logOf(lelu).at(-1)).toBe(`outcome ${status}`)
    const again = await stream({ guard, tools, messages, model: scriptedModel([]).model })
    expect(answers(again.messages).c).toMatchObject({
      type: 'error-text',
      value: expect.stringContaining(text),
    })
  }
})

test('a tool that yields is approved, edited and replayed like any other', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const seen: string[] = []
  const tools = countingTools(seen)
  const first = await stream({ guard, tools, model: scriptedModel([call('reviewed')]).model })
  expect(first.parts.map(({ type }) => type)).toContain('tool-approval-request')
  expect(seen).toEqual([])
  await approveAll(lelu, { input: { amount: 2 } })
  const { messages } = await guard.settle(first.messages)
  const next = await stream({ guard, tools, messages, model: scriptedModel([]).model })
  const noted = 'A reviewer changed the input of this call. It ran with: {"amount":2}\nstep 2'
  expect(results(next.parts)).toEqual([
    'so far: step 1',
    'so far: step 2',
    `so far: ${noted}`,
    `result: ${noted}`,
  ])
  const again = await stream({ guard, tools, messages, model: scriptedModel([]).model })
  expect(results(again.parts)).toEqual([`so far: ${noted}`, `result: ${noted}`])
  expect(seen).toEqual(['made 1', 'made 2', 'ended'])
})

test('a tool that yields and fails is answered as without us', async () => {
  const guard = guardWith(await openLelu())
  const fails = tool({
    inputSchema,
    async *execute() {
      yield 'half'
      throw new Error('broken')
    },
  })
  const { parts, messages } = await stream({
    guard,
    tools: { allowed: fails },
    model: scriptedModel([call('allowed')]).model,
  })
  expect(results(parts)).toEqual(['so far: half'])
  expect(answers(messages).c).toEqual({ type: 'error-text', value: 'Error: broken' })
})

test('a plain function that gives an iterable is answered with its last value', async () => {
  const guard = guardWith(await openLelu())
  async function* values() {
    yield 'first'
    yield 'last'
  }
  const tools = { allowed: tool({ inputSchema, execute: () => values() }) }
  const { messages } = await stream({ guard, tools, model: scriptedModel([call('allowed')]).model })
  expect(answers(messages).c).toEqual({ type: 'text', value: 'last' })
})

test('a denied call is shown as denied, and a waiting one with its reason', async () => {
  const lelu = await openLelu()
  const { parts } = await stream({
    guard: guardWith(lelu),
    tools: createTools().tools,
    model: scriptedModel([
      [
        { id: 'd', tool: 'denied', input: { amount: 1 } },
        { id: 'r', tool: 'reviewed', input: { amount: 1 } },
      ],
    ]).model,
  })
  expect(parts.find(({ type }) => type === 'tool-output-denied')).toMatchObject({ toolCallId: 'd' })
  const requests = parts.filter((part) => part.type === 'tool-approval-request')
  const { approvals } = await lelu.approvals.list()
  expect(requests.find(({ toolCall }) => toolCall.toolCallId === 'r')?.reason).toBe(
    `A person must look at this (approval ${approvals[0]?.id})`,
  )
})
