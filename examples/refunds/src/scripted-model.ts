import { randomUUID } from 'node:crypto'
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'

type Wanted = { orderId: string; amount: number; confidence: number }
type Answer = { text: string } | { tool: string; input: Record<string, string | number> }

/** What the customer asked for last: an amount and an order, in a sentence such as the page suggests. */
function wantedIn(prompt: LanguageModelV4Prompt): Wanted | undefined {
  const said = prompt.findLast(({ role }) => role === 'user')
  if (said?.role !== 'user') return undefined
  const text = said.content.map((part) => (part.type === 'text' ? part.text : '')).join(' ')
  const found = /(\d+(?:\.\d+)?)\s*(?:EUR|euros?)?\s+(?:of|for|from) order (\w+)/i.exec(text)
  if (found?.[1] === undefined || found[2] === undefined) return undefined
  const unsure = /\b(maybe|perhaps|not sure)\b/i.test(text)
  return { amount: Number(found[1]), orderId: found[2], confidence: unsure ? 0.6 : 0.97 }
}

/** Looks the order up, then refunds, then repeats what it was told. */
function answerTo(prompt: LanguageModelV4Prompt): Answer {
  const wanted = wantedIn(prompt)
  if (wanted === undefined) return { text: 'Tell me the amount and the order, please.' }
  const { orderId, amount, confidence } = wanted
  const last = prompt.at(-1)
  const result = last?.role === 'tool' ? last.content.at(-1) : undefined
  if (result?.type !== 'tool-result') {
    return { tool: 'find_order', input: { orderId, confidence: 1 } }
  }
  if (result.toolName === 'find_order') {
    return { tool: 'refund', input: { orderId, amount, confidence } }
  }
  const { output } = result
  if (output.type === 'text') return { text: output.value }
  const why = output.type === 'execution-denied' ? output.reason : 'value' in output && output.value
  return { text: `I could not refund it. ${why}` }
}

function partsOf(answer: Answer): LanguageModelV4StreamPart[] {
  if ('text' in answer) {
    const words = answer.text.split(/(?<= )/)
    return [
      { type: 'text-start', id: 't' },
      ...words.map((delta) => ({ type: 'text-delta' as const, id: 't', delta })),
      { type: 'text-end', id: 't' },
    ]
  }
  const { tool: toolName, input } = answer
  const id = `call_${randomUUID()}`
  const text = JSON.stringify(input)
  return [
    { type: 'tool-input-start', id, toolName },
    { type: 'tool-input-delta', id, delta: text },
    { type: 'tool-input-end', id },
    { type: 'tool-call', toolCallId: id, toolName, input: text },
  ]
}

/** A model that needs no key and no network, in the interface of a provider. It answers in a stream only. */
export class ScriptedModel implements LanguageModelV4 {
  readonly specificationVersion = 'v4'
  readonly provider = 'scripted'
  readonly modelId = 'scripted'
  readonly supportedUrls: Record<string, RegExp[]> = {}

  async doGenerate(): Promise<LanguageModelV4GenerateResult> {
    throw new Error('The scripted model only streams.')
  }

  async doStream({ prompt }: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const answer = answerTo(prompt)
    const reason = 'text' in answer ? ('stop' as const) : ('tool-calls' as const)
    const tokens = { total: undefined, noCache: undefined, cacheRead: undefined }
    const parts: LanguageModelV4StreamPart[] = [
      { type: 'stream-start', warnings: [] },
      ...partsOf(answer),
      {
        type: 'finish',
        finishReason: { unified: reason, raw: undefined },
        usage: {
          inputTokens: { ...tokens, cacheWrite: undefined },
          outputTokens: { total: undefined, text: undefined, reasoning: undefined },
        },
      },
    ]
    return { stream: ReadableStream.from(parts) as ReadableStream<LanguageModelV4StreamPart> }
  }
}
