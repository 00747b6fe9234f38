import type { AddedField } from '@lelu/engine/adapter'
import type { LanguageModelMiddleware } from 'ai'
import { type Answer, withoutField } from './evidence.ts'
import type { ModelCall, ModelParams } from './model-call.ts'
import { stamp } from './stamp.ts'
import type { GuardState } from './state.ts'

type StreamResult = Awaited<ReturnType<NonNullable<LanguageModelMiddleware['wrapStream']>>>
export type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never

/** What an answer has said so far. */
type Said = {
  modelId: string
  /** Everything from the first call on: what comes behind a call must not overtake it. */
  held: StreamPart[]
  /** The input of each call, as it streams. */
  inputs: Map<string, string>
  texts: Map<string, { type: 'text' | 'reasoning'; text: string }>
}

function append(texts: Said['texts'], type: 'text' | 'reasoning', id: string, delta: string): void {
  const before = texts.get(`${type} ${id}`)?.text ?? ''
  texts.set(`${type} ${id}`, { type, text: `${before}${delta}` })
}

/** Only these are decided here. */
const isCall = (part: StreamPart): part is ModelCall =>
  part.type === 'tool-call' && part.providerExecuted !== true

/** Notes what the part says, and answers what is shown of it. */
function read(part: StreamPart, said: Said, added: AddedField | undefined): StreamPart[] {
  switch (part.type) {
    case 'text-delta':
      append(said.texts, 'text', part.id, part.delta)
      return [part]
    case 'reasoning-delta':
      append(said.texts, 'reasoning', part.id, part.delta)
      return [part]
    case 'response-metadata':
      said.modelId = part.modelId ?? said.modelId
      return [part]
    // The reader's field must not show in the input as it streams: the text goes out whole, without it.
    case 'tool-input-delta':
      if (added === undefined) return [part]
      said.inputs.set(part.id, `${said.inputs.get(part.id) ?? ''}${part.delta}`)
      return []
    case 'tool-input-end': {
      const text = said.inputs.get(part.id)
      if (text === undefined) return [part]
      return [{ type: 'tool-input-delta', id: part.id, delta: withoutField(text, added) }, part]
    }
    default:
      return [part]
  }
}

/**
 * Where there is a reader, holds calls and what comes behind them back until the answer is finished, when its
 * log-probabilities are known. The SDK starts no tool before that either.
 */
export function stampStream(
  state: GuardState,
  params: ModelParams,
  modelId: string,
): TransformStream<StreamPart, StreamPart> {
  const { confidence } = state.options
  const said: Said = { modelId, held: [], inputs: new Map(), texts: new Map() }
  type Finish = Extract<StreamPart, { type: 'finish' }>
  const released = (finish: Partial<Finish> = {}): Promise<StreamPart[]> => {
    const held = said.held.splice(0)
    const { type: _type, ...ending } = finish
    // In the shape of an answer that was not streamed.
    const raw = { content: [...said.texts.values(), ...held.filter(isCall)], ...ending }
    const metadata = finish.providerMetadata
    const answer: Answer = { params, modelId: said.modelId, metadata, raw }
    return Promise.all(held.map((part) => (isCall(part) ? stamp(state, part, answer) : part)))
  }
  return new TransformStream({
    async transform(part, controller) {
      const passOn = (parts: StreamPart[]) => {
        for (const one of parts) controller.enqueue(one)
      }
      if (part.type === 'finish') passOn(await released(part))
      // Calls of an answer that failed are none.
      if (part.type === 'error') passOn(said.held.splice(0).filter((held) => !isCall(held)))
      const parts = read(part, said, confidence?.added)
      const behind = said.held.length > 0 || parts.some(isCall)
      if (behind) said.held.push(...parts)
      if (!behind) passOn(parts)
      else if (confidence === undefined) passOn(await released())
    },
    async flush(controller) {
      for (const part of await released()) controller.enqueue(part)
    },
  })
}
