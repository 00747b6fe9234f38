import { createOpenAI } from '@ai-sdk/openai'
import { tokenLogprobs } from '@lelu/confidence'
import { expect, test } from 'vitest'
import { approveAll, createTools, generate, guardWith, openLelu } from './support.ts'

type Sent = {
  tools: unknown
  messages: { role: string; content: unknown; tool_call_id?: string }[]
}

const token = (text: string, logprob: number) => ({
  token: text,
  logprob,
  bytes: null,
  top_logprobs: [],
})

/** A server in OpenAI's own format, as vLLM speaks it too: one answer that calls, then one that ends. */
function server(calls: { id: string; name: string; args: string }[], logprobs?: object[]) {
  const sent: Sent[] = []
  const fetch = async (_url: unknown, init?: { body?: unknown }) => {
    sent.push(JSON.parse(String(init?.body)) as Sent)
    const called = sent.length === 1 && calls.length > 0
    const message = called
      ? {
          role: 'assistant',
          content: null,
          tool_calls: calls.map(({ id, name, args }) => ({
            id,
            type: 'function',
            function: { name, arguments: args },
          })),
        }
      : { role: 'assistant', content: 'Finished.' }
    const choice = {
      index: 0,
      message,
      finish_reason: called ? 'tool_calls' : 'stop',
      logprobs: called && logprobs !== undefined ? { content: logprobs, refusal: null } : null,
    }
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
    return Response.json({
      id: 'x',
      created: 0,
      model: 'm-1',
      object: 'x',
      choices: [choice],
      usage,
    })
  }
  const model = createOpenAI({ apiKey: 'none', fetch: fetch as typeof globalThis.fetch }).chat(
    'm-1',
  )
  return { model, sent }
}

const reads = (sent: Sent[]) =>
  Object.fromEntries(
    (sent.at(-1)?.messages ?? [])
      .filter(({ role }) => role === 'tool')
      .map(({ tool_call_id: id, content }) => [id, content]),
  )

test('what goes over the wire: the tools as without us, and a text for every call', async () => {
  const calls = ['allowed', 'denied'].map((name) => ({ id: name, name, args: '{"amount":"5"}' }))
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools } = createTools()
  const ours = server(calls)
  await generate({ guard, tools, model: guard.model(ours.model) })
  const theirs = server(calls)
  const bare = {
    ...guard,
    tools: <T>(given: T) => given,
    toolApproval: () => async () => undefined,
  }
  await generate({ guard: bare, tools, model: theirs.model })
  expect(JSON.stringify(ours.sent[0])).toBe(JSON.stringify(theirs.sent[0]))
  expect(JSON.stringify(ours.sent[1]?.tools)).toBe(JSON.stringify(theirs.sent[1]?.tools))
  // No mark of ours reaches the provider.
  expect(JSON.stringify(ours.sent)).not.toContain('lelu')
  expect(reads(ours.sent)).toEqual({
    allowed: 'allowed did 5',
    denied: 'Denied by policy: No rule allows this action. The call did not run.',
  })
})

test('an edited call reads with its note on the wire', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools } = createTools()
  const { model } = server([{ id: 'r', name: 'reviewed', args: '{"amount":5}' }])
  const first = await generate({ guard, tools, model })
  await approveAll(lelu, { input: { amount: 2, note: 'less' } })
  const { messages } = await guard.settle(first.messages)
  const next = server([])
  await generate({ guard, tools, messages, model: next.model })
  expect(reads(next.sent).r).toBe(
    'A reviewer changed the input of this call. It ran with: {"amount":2,"note":"less"}\nreviewed did 2',
  )
})

test.each([
  ['sure', -0.001, 1],
  ['unsure', -2, 0],
])(
  'the log-probabilities of a server that gives them for calls decide: %s',
  async (_what, logprob, runs) => {
    const lelu = await openLelu()
    const guard = guardWith(lelu, { confidence: tokenLogprobs() })
    const { tools, ran } = createTools()
    const generated = [
      token('{"name": "trade", "arguments": ', -0.001),
      token('{"amount":', -0.001),
      token('5', logprob),
      token('}}', -0.001),
    ]
    const { model } = server([{ id: 't', name: 'trade', args: '{"amount":5}' }], generated)
    await generate({ guard, tools, model: guard.model(model) })
    expect(ran).toHaveLength(runs)
    const [approval] = (await lelu.approvals.list()).approvals
    if (approval !== undefined) expect(approval.decision.confidence).toBeCloseTo(Math.exp(-2))
    expect(approval === undefined).toBe(runs === 1)
  },
)
