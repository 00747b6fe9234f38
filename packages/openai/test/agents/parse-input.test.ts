import { tool } from '@openai/agents'
import { expect, test } from 'vitest'
import { parseInput } from '../../src/agents/parse-input.ts'

/** Doubles the amount; makes what is no plain data of 13, and refuses texts. */
function validate(value: unknown) {
  const { amount } = value as { amount: unknown }
  if (typeof amount !== 'number') return { issues: [{ message: 'no number' }] }
  return { value: { amount: amount === 13 ? new Date(0) : amount * 2 } }
}
const json = () => ({
  type: 'object',
  properties: { amount: { type: 'number' } },
  required: ['amount'],
})
const parameters = {
  '~standard': { version: 1, vendor: 'test', validate, jsonSchema: { input: json, output: json } },
}
const pay = () =>
  tool({
    name: 'pay',
    description: 'Pays.',
    parameters: parameters as never,
    execute: async () => 'ran',
  })

test('texts that are parsed in one turn each get their own answer', async () => {
  const tool = pay() as never
  const texts = ['{"amount":1}', '{"amount":"much"}', '{"amount":2}', 'no JSON', '{"amount":1}']
  const parsed = await Promise.all(texts.map((text) => parseInput(tool, text)))
  expect(parsed).toEqual([
    { valid: true, input: { amount: 2 } },
    { valid: false },
    { valid: true, input: { amount: 4 } },
    { valid: false },
    { valid: true, input: { amount: 2 } },
  ])
})

test('a text whose parsing ends the run takes no other text with it', async () => {
  const tool = pay() as never
  const parsed = await Promise.allSettled([
    parseInput(tool, '{"amount":1}'),
    parseInput(tool, '{"amount":13}'),
    parseInput(tool, '{"amount":2}'),
  ])
  expect(parsed).toEqual([
    { status: 'fulfilled', value: { valid: true, input: { amount: 2 } } },
    { status: 'rejected', reason: expect.objectContaining({ code: 'LELU_TOOL_UNSUPPORTED' }) },
    { status: 'fulfilled', value: { valid: true, input: { amount: 4 } } },
  ])
})
