import type { ConfidenceReader } from '@lelu/confidence'
import type { CallEvidence } from '@lelu/engine/adapter'
import { type ModelMessage, wrapLanguageModel } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import type { ModelParams } from '../src/model-call.ts'
import { usage } from './scripted-model.ts'
import { guardWith, openLelu } from './support.ts'

const finishReason = { unified: 'tool-calls' as const, raw: undefined }
const call = { type: 'tool-call' as const, toolCallId: 't', toolName: 'trade', input: '{}' }
const answering = () =>
  new MockLanguageModelV4({
    doGenerate: { content: [call], finishReason, usage, warnings: [] },
  })

/** What a second model is asked when the first was asked this; undefined where there is no question to put. */
async function secondQuestion(asked: Partial<ModelParams>): Promise<ModelParams | undefined> {
  let evidence: CallEvidence | undefined
  const confidence: ConfidenceReader = (given) => {
    evidence = given
    return undefined
  }
  const guard = guardWith(await openLelu(), { confidence })
  const model = wrapLanguageModel({ model: answering(), middleware: guard.confidence() })
  await model.doGenerate({ prompt: [], ...asked })
  const second = answering()
  const calls = await evidence?.ask?.(second, AbortSignal.timeout(60_000))
  if (calls !== undefined) expect(calls).toEqual([{ tool: 'trade', input: {} }])
  return second.doGenerateCalls[0]
}

test('the calls of one answer have one question, and those of another have another', async () => {
  const seen: CallEvidence['ask'][] = []
  const confidence: ConfidenceReader = ({ ask }) => {
    seen.push(ask)
    return undefined
  }
  const guard = guardWith(await openLelu(), { confidence })
  const content = [call, { ...call, toolCallId: 'u' }]
  const twice = new MockLanguageModelV4({
    doGenerate: { content, finishReason, usage, warnings: [] },
  })
  const model = wrapLanguageModel({ model: twice, middleware: guard.confidence() })
  await model.doGenerate({ prompt: [] })
  await model.doGenerate({ prompt: [] })
  const [first, second, third, fourth] = seen
  expect([first, third]).not.toContain(undefined)
  expect([second, fourth]).toEqual([first, third])
  expect(first).not.toBe(third)
})

const hosted = (id: `${string}.${string}`, args: Record<string, unknown> = {}) => ({
  type: 'provider' as const,
  id,
  name: 'mcp',
  args: { serverLabel: 'mail', ...args },
})

test.each([
  {},
  { requireApproval: 'never' },
  { requireApproval: { never: { toolNames: ['send'] } } },
])(
  'a server of OpenAI with %o is told to ask before each call, so that no opinion sends a second mail',
  async (args) => {
    const search = { ...hosted('openai.web_search'), name: 'search' }
    const question = await secondQuestion({ tools: [hosted('openai.mcp', args), search] })
    const asks = hosted('openai.mcp', { ...args, requireApproval: 'always' })
    expect(question?.tools).toEqual([asks, search])
  },
)

test('of servers that cannot be told to ask there is no question to put', async () => {
  expect(await secondQuestion({ tools: [hosted('xai.mcp')] })).toBeUndefined()
  const mcpServers = [{ type: 'url', name: 'mail', url: 'https://mail.example' }]
  expect(await secondQuestion({ providerOptions: { anthropic: { mcpServers } } })).toBeUndefined()
  expect(await secondQuestion({ providerOptions: { anthropic: { mcpServers: [] } } })).toBeDefined()
})

const answer = (approved: boolean) => ({
  role: 'tool' as const,
  content: [{ type: 'tool-approval-response' as const, approvalId: 'mcpr_1', approved }],
})
const later: ModelMessage = { role: 'user', content: 'And now?' }

test('a call of the provider that a person has just approved runs once, not for each opinion', async () => {
  const promptOf = (...prompt: object[]) => ({ prompt }) as Partial<ModelParams>
  expect(await secondQuestion(promptOf(answer(true)))).toBeUndefined()
  expect(await secondQuestion(promptOf(answer(false)))).toBeDefined()
  const told = { type: 'text', text: 'Sent.' }
  const ran = promptOf(answer(true), { role: 'assistant', content: [told] }, later)
  expect(await secondQuestion(ran)).toBeDefined()
})
