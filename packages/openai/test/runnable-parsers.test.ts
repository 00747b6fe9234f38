import { expect, test } from 'vitest'
import { call, openWorld, wireOf } from './support.ts'

type Parse = (text: string) => unknown
type Amount = { amount: number }

const amountOf = (text: string) => (JSON.parse(text) as Amount).amount

const cached: Amount = { amount: 7 }

/** Parsers that `runTools` takes, though no object of their own tells of which text it came. */
const parsers: [string, Parse][] = [
  ['that answers a text', (text) => `${amountOf(text)}`],
  ['that answers a number, later', async (text) => amountOf(text)],
  ['that answers null', () => null],
  ['that answers one object for every text', () => cached],
  ['that answers one object for every text, later', async () => cached],
  ['that answers a list', (text) => [amountOf(text)]],
]

function toolWith(name: string, parse: Parse) {
  const got: unknown[] = []
  const run = (args: unknown) => `got ${JSON.stringify(args)} as number ${got.push(args)}`
  const parameters = { type: 'object', properties: { amount: { type: 'number' } } }
  const tool = { type: 'function' as const, function: { name, parameters, parse, function: run } }
  return { tool, got }
}

async function runOnce(tools: unknown[], name: string, amounts: readonly number[]) {
  const calls = amounts.map((amount, index) => call(`c${index}`, name, { amount }))
  const { client } = await wireOf([{ calls }])
  const messages = [{ role: 'user' as const, content: 'Go on.' }]
  const params = { model: 'gpt-test', messages, tools: tools as never }
  const runner = client.chat.completions.runTools(params)
  await runner.done()
  return runner.messages.flatMap((one) =>
    one.role === 'tool' ? [[one.tool_call_id, String(one.content)]] : [],
  )
}

test.each(parsers)('a tool with a parser %s is run as without us', async (_, parse) => {
  const { make } = await openWorld({ mode: 'tell-model' })
  const ours = toolWith('allowed', parse)
  const theirs = toolWith('allowed', parse)
  const guard = make({ tools: [ours.tool] })
  const guarded = await runOnce([guard.runnable(ours.tool)], 'allowed', [5, 6])
  const bare = await runOnce([theirs.tool], 'allowed', [5, 6])
  expect(guarded).toEqual(bare)
  expect(ours.got).toEqual(theirs.got)
})

test.each(parsers)('a tool with a parser %s runs nothing that is denied', async (_, parse) => {
  const { make } = await openWorld({ mode: 'tell-model' })
  const { tool, got } = toolWith('denied', parse)
  const answers = await runOnce([make({ tools: [tool] }).runnable(tool)], 'denied', [5, 6])
  expect(answers).toEqual(
    ['c0', 'c1'].map((id) => [id, expect.stringContaining('Denied by policy')]),
  )
  expect(got).toEqual([])
})
