import type { ToolSet } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, generate, guardWith, openLelu, question, stream } from './support.ts'

/** Written as a class, as the SDK takes it: each of its methods needs what the tool keeps to itself. */
class Payments {
  readonly #currency = 'EUR'
  readonly #seen: string[] = []
  readonly #asks: boolean
  readonly #schema = z.object({ amount: z.number() })

  constructor(asks: boolean) {
    this.#asks = asks
  }

  get inputSchema() {
    return this.#schema
  }

  description(): string {
    return `Pays in ${this.#currency}.`
  }

  get seen(): string[] {
    return this.#seen
  }

  onInputAvailable(): void {
    this.#seen.push('announced')
  }

  needsApproval(): boolean {
    return this.#asks
  }

  execute({ amount }: { amount: number }) {
    this.#seen.push(`paid ${amount}`)
    return { paid: amount }
  }

  toModelOutput({ output }: { output: { paid: number } }) {
    return { type: 'text' as const, value: `${output.paid} ${this.#currency}` }
  }
}

const step = (tool: string) => [[{ id: 'c', tool, input: { amount: 5 } }]]
const setOf = (tool: Payments, name: string): ToolSet => ({ [name]: tool as never })

test('the members of a tool of a class are read and called of the tool', async () => {
  for (const run of [generate, stream]) {
    const guard = guardWith(await openLelu())
    const payments = new Payments(false)
    const { model, asked } = scriptedModel(step('allowed'))
    const { messages } = await run({ guard, tools: setOf(payments, 'allowed'), model })
    expect(asked[0]?.tools).toMatchObject([{ name: 'allowed', description: 'Pays in EUR.' }])
    expect(answers(messages).c).toEqual({ type: 'text', value: '5 EUR' })
    expect(payments.seen).toEqual(['announced', 'paid 5'])
  }
})

test('the gate of a tool of a class is asked, with and without toolApproval', async () => {
  for (const toolApproval of [{}, { toolApproval: undefined }]) {
    const guard = guardWith(await openLelu())
    const payments = new Payments(true)
    const { model } = scriptedModel(step('allowed'))
    const tools = setOf(payments, 'allowed')
    const { messages } = await generate({ guard, tools, model, ...toolApproval })
    expect(JSON.stringify(messages)).toContain('"tool-approval-request"')
    expect(payments.seen).toEqual(['announced'])
  }
})

test('the kept result of a call that was left behind is shown by the tool of a class', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const tools = setOf(new Payments(false), 'reviewed')
  const first = await generate({ guard, tools, model: scriptedModel(step('reviewed')).model })
  await approveAll(lelu)
  const { messages } = await guard.settle(first.messages)
  await generate({ guard, tools, model: scriptedModel([]).model, messages }) // its answer is lost
  const left = [...first.messages, ...question]
  expect(answers(await guard.cancelAbandoned(left, { tools })).c).toEqual({
    type: 'text',
    value: '5 EUR',
  })
})
