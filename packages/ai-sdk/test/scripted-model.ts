import type { ScriptedCall } from '@lelu/testing'
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

const isRaw = (input: ScriptedCall['input']): input is { raw: string } =>
  typeof input === 'object' && input !== null && 'raw' in input

const textOf = ({ input }: ScriptedCall) => (isRaw(input) ? input.raw : JSON.stringify(input))

function partsOf(call: ScriptedCall): StreamPart[] {
  const [id, text] = [call.id, textOf(call)]
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
  left: ScriptedCall[][]
  /** What the provider was asked, in order. */
  asked: Params[]
}

/** A model that makes the calls of each step in turn, and then says that it has finished. */
export function scriptedModel(
  steps: readonly ScriptedCall[][],
  metadata?: Generated['providerMetadata'],
): ScriptedModel {
  const left = [...steps]
  const asked: Params[] = []
  const next = (params: Params) => {
    asked.push(params)
    params.abortSignal?.throwIfAborted()
    return left.shift() ?? []
  }
  const ending = (calls: ScriptedCall[]) => ({
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
        input: textOf(call),
      }))
      return {
        content: calls.length > 0 ? content : [{ type: 'text', text: 'Finished.' }],
        ...ending(calls),
        warnings: [],
      }
    },
    async doStream(params) {
      const calls = next(params)
      const text: StreamPart[] = [
        { type: 'text-start', id: 't' },
        { type: 'text-delta', id: 't', delta: 'Finished.' },
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
  return { model, left, asked }
}
