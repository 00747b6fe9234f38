import type { ScriptedCall } from '@lelu/testing'
import { argumentsText, fakeModel, lastWord } from '@lelu/testing/fakes'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'

type Params = Parameters<MockLanguageModelV4['doGenerate']>[0]
type Generated = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>
type StreamPart =
  Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'] extends ReadableStream<infer Part>
    ? Part
    : never

export const usage: Generated['usage'] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
}

function partsOf(call: ScriptedCall): StreamPart[] {
  const [id, text] = [call.id, argumentsText(call)]
  const half = Math.ceil(text.length / 2)
  return [
    { type: 'tool-input-start', id, toolName: call.tool },
    { type: 'tool-input-delta', id, delta: text.slice(0, half) },
    { type: 'tool-input-delta', id, delta: text.slice(half) },
    { type: 'tool-input-end', id },
    { type: 'tool-call', toolCallId: id, toolName: call.tool, input: text },
  ]
}

export type ScriptedModel = {
  model: MockLanguageModelV4
  /** The steps it has not made yet. */
  left(): ScriptedCall[][]
  /** What the provider was asked, in order. */
  asked: Params[]
}

export type ScriptedModelOptions = {
  /** What the provider says of each answer beside its content. */
  metadata?: Generated['providerMetadata']
  /** The provider answers nothing but errors. */
  down?: boolean | undefined
}

/** The fake model of the suite, in the words of the SDK. */
export function scriptedModel(
  steps: readonly ScriptedCall[][],
  { metadata, down }: ScriptedModelOptions = {},
): ScriptedModel {
  const script = fakeModel(steps, { down })
  let said = 0
  const asked: Params[] = []
  const next = (params: Params) => {
    asked.push(params)
    params.abortSignal?.throwIfAborted()
    const calls = script.answer(said)
    said += 1
    return calls
  }
  const ending = (calls: readonly ScriptedCall[]) => ({
    finishReason:
      calls.length > 0
        ? { unified: 'tool-calls' as const, raw: 'tool_calls' }
        : { unified: 'stop' as const, raw: 'stop' },
    usage,
    ...(metadata !== undefined && { providerMetadata: metadata }),
  })
  const model = new MockLanguageModelV4({
    async doGenerate(params) {
      const calls = next(params)
      const content = calls.map((call) => ({
        type: 'tool-call' as const,
        toolCallId: call.id,
        toolName: call.tool,
        input: argumentsText(call),
      }))
      return {
        content: calls.length > 0 ? content : [{ type: 'text', text: lastWord }],
        ...ending(calls),
        warnings: [],
      }
    },
    async doStream(params) {
      const calls = next(params)
      const text: StreamPart[] = [
        { type: 'text-start', id: 't' },
        { type: 'text-delta', id: 't', delta: lastWord },
        { type: 'text-end', id: 't' },
      ]
      return {
        stream: convertArrayToReadableStream<StreamPart>([
          { type: 'stream-start', warnings: [] },
          ...(calls.length > 0 ? calls.flatMap(partsOf) : text),
          { type: 'finish', ...ending(calls) },
        ]),
      }
    },
  })
  return { model, left: () => steps.slice(said), asked }
}
