import { AIMessage, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type ConfidenceReader, leluMiddleware } from '../src/index.ts'
import { SpeakingModel } from './speaking-model.ts'
import { agentOf, ask, calling, config, openLelu, subject } from './support.ts'

const allowed = tool(() => 'done', { name: 'allowed', schema: z.object({ amount: z.number() }) })
const sure = { method: 'external', trust: 'adapter', value: 0.5, score: 0 } as const

/** What a second model is shown of the tools; undefined where there is no question to put. */
async function shownToSecond(tools: object[], content: unknown = 'go') {
  const lelu = await openLelu()
  const second = new SpeakingModel('second', 'Hm.')
  let isAsked = false
  const confidence: ConfidenceReader = async ({ ask }) => {
    if (ask === undefined) return sure
    isAsked = true
    expect(await ask(second, AbortSignal.timeout(60_000))).toHaveLength(1)
    return sure
  }
  const agent = agentOf({
    model: new SpeakingModel('main', 'I will.'),
    tools: [allowed, ...tools] as never,
    middleware: [leluMiddleware({ lelu, subject, confidence })],
  })
  await agent.invoke({ messages: [{ role: 'user', content }] } as never, config)
  return isAsked ? second.shown : undefined
}

test('the calls of one answer have one question, and those of another have another', async () => {
  const lelu = await openLelu()
  const seen: unknown[] = []
  const confidence: ConfidenceReader = ({ ask: opinion }) => {
    seen.push(opinion)
    return sure
  }
  const two = () => calling({ id: 'a', name: 'allowed' }, { id: 'b', name: 'allowed' })
  const model = fakeModel().respond(two()).respond(two()).respond(new AIMessage('done'))
  const middleware = [leluMiddleware({ lelu, subject, confidence })]
  await agentOf({ model, tools: [allowed], middleware }).invoke(ask, config)
  const [first, second, third, fourth] = seen
  expect([first, third]).not.toContain(undefined)
  expect([second, fourth]).toEqual([first, third])
  expect(first).not.toBe(third)
})

const mail = { type: 'mcp', server_label: 'mail', server_url: 'https://mail.example' }

test.each([
  {},
  { require_approval: 'never' },
  { require_approval: { never: { tool_names: ['send'] } } },
])(
  'a hosted MCP server with %o is told to ask before each call, so that no opinion sends a second mail',
  async (more) => {
    const search = { type: 'web_search' }
    const shown = await shownToSecond([{ ...mail, ...more }, search])
    expect(shown).toEqual([allowed, { ...mail, require_approval: 'always' }, search])
  },
)

const answer = (approve: boolean) => [
  { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve },
]

test('a hosted call that a person has just approved runs once, not for each opinion', async () => {
  expect(await shownToSecond([mail], answer(true))).toBeUndefined()
  expect(await shownToSecond([mail], answer(false))).toHaveLength(2)
})
