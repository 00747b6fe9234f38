import type { AddedField } from '@lelu/engine/adapter'
import type { LanguageModelMiddleware } from 'ai'
import { type Answer, type ModelCall, type ModelParams, withoutField } from './evidence.ts'
import { stamp } from './stamp.ts'
import type { GuardState } from './state.ts'

type StreamResult = Awaited<ReturnType<NonNullable<LanguageModelMiddleware['wrapStream']>>>
export type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never

/** What an answer has said so far. */
type Said = {
  modelId: string
  calls: ModelCall[]
  /** The input of each call, as it streams. */
  inputs: Map<string, string>
  texts: Map<string, { type: 'text' | 'reasoning'; text: string }>
}

function append(texts: Said['texts'], type: 'text' | 'reasoning', id: string, delta: string): void {
  const before = texts.get(`${type} ${id}`)?.text ?? ''
  texts.set(`${type} ${id}`, { type, text: `${before}${delta}` })
}

/** What goes on at once, while calls are held back until the answer is whole. */
function passOn(part: StreamPart, said: Said, added: AddedField | undefined): StreamPart[] {
  switch (part.type) {
    case 'tool-call':
      if (part.providerExecuted === true) return [part]
      said.calls.push(part)
      return []
    case 'text-delta':
      append(said.texts, 'text', part.id, part.delta)
      return [part]
    case 'reasoning-delta':
      append(said.texts, 'reasoning', part.id, part.delta)
      return [part]
    case 'response-metadata':
      said.modelId = part.modelId ?? said.modelId
      return [part]
    case 'error':
      said.calls.length = 0 // calls of an answer that failed
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
 * Holds calls back until the answer is finished, when its log-probabilities are known. The SDK starts no tool
 * before that either.
 */
export function stampStream(
  state: GuardState,
  params: ModelParams,
  modelId: string,
): TransformStream<StreamPart, StreamPart> {
  const said: Said = { modelId, calls: [], inputs: new Map(), texts: new Map() }
  const stamped = (finish: Partial<Extract<StreamPart, { type: 'finish' }>>) => {
    const calls = said.calls.splice(0)
    const { type: _type, ...ending } = finish
    // In the shape of an answer that was not streamed.
    const raw = { content: [...said.texts.values(), ...calls], ...ending }
    const metadata = finish.providerMetadata
    const answer: Answer = { params, modelId: said.modelId, metadata, raw }
    return Promise.all(calls.map((call) => stamp(state, call, answer)))
  }
  return new TransformStream({
    async transform(part, controller) {
      if (part.type === 'finish') {
        for (const call of await stamped(part)) controller.enqueue(call)
      }
      const { confidence } = state.options
      for (const out of passOn(part, said, confidence?.added)) controller.enqueue(out)
    },
    async flush(controller) {
      for (const call of await stamped({})) controller.enqueue(call)
    },
  })
}
