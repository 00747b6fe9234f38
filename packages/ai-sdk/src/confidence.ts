import { type AddedField, addField } from '@lelu/engine/adapter'
import type { LanguageModelMiddleware } from 'ai'
import type { Answer } from './evidence.ts'
import type { ModelParams, ModelResult } from './model-call.ts'
import { stamp } from './stamp.ts'
import { stampStream } from './stamp-stream.ts'
import type { GuardState } from './state.ts'

/** The question with the reader's own field in the schema of every tool that is not the provider's. */
function withField(params: ModelParams, field: AddedField): ModelParams {
  const { tools } = params
  if (tools === undefined) return params
  const shown = tools.map((tool) => {
    if (tool.type !== 'function') return tool
    return { ...tool, inputSchema: addField(tool.inputSchema, field, tool.name) }
  })
  return { ...params, tools: shown as NonNullable<ModelParams['tools']> }
}

/** Middleware that reads the confidence of every call when the model has answered: here the question is at hand. */
export function confidenceMiddleware(state: GuardState): LanguageModelMiddleware {
  const added = state.options.confidence?.added
  // The question without the reader's field, for another model that is asked the same.
  const questions = new WeakMap<ModelParams, ModelParams>()
  const questionOf = (params: ModelParams) => questions.get(params) ?? params
  return {
    specificationVersion: 'v4',
    async transformParams({ params }) {
      if (added === undefined) return params
      const shown = withField(params, added)
      questions.set(shown, params)
      return shown
    },
    async wrapGenerate({ doGenerate, params, model }): Promise<ModelResult> {
      const result = await doGenerate()
      const answer: Answer = {
        params: questionOf(params),
        modelId: result.response?.modelId ?? model.modelId,
        metadata: result.providerMetadata,
        raw: result,
      }
      const content = await Promise.all(
        result.content.map((part) =>
          part.type === 'tool-call' ? stamp(state, part, answer) : part,
        ),
      )
      return { ...result, content }
    },
    async wrapStream({ doStream, params, model }) {
      const result = await doStream()
      const stamping = stampStream(state, questionOf(params), model.modelId)
      return { ...result, stream: result.stream.pipeThrough(stamping) }
    },
  }
}
