import {
  type AddedField,
  type AnsweredCall,
  type CallEvidence,
  type Json,
  jsonText,
  takeField,
} from '@lelu/engine/adapter'
import { type LanguageModelMiddleware, wrapLanguageModel } from 'ai'

type WrapGenerate = NonNullable<LanguageModelMiddleware['wrapGenerate']>

/** The question as a provider gets it. */
export type ModelParams = Parameters<WrapGenerate>[0]['params']
export type ModelResult = Awaited<ReturnType<WrapGenerate>>
export type ModelCall = Extract<ModelResult['content'][number], { type: 'tool-call' }>
type WrappableModel = Parameters<typeof wrapLanguageModel>[0]['model']

/** What a whole answer tells of each of its calls. */
export type Answer = {
  params: ModelParams
  modelId: string
  metadata: ModelResult['providerMetadata']
  raw: unknown
}

/** A model may call without arguments: the SDK takes no text for `{}`. */
function parseInput(text: string): Json | undefined {
  try {
    return text.trim() === '' ? {} : (JSON.parse(text) as Json)
  } catch {
    return undefined
  }
}

/** The text of an input without the reader's own field; text that does not parse is left to the SDK. */
export function withoutField(text: string, added: AddedField | undefined): string {
  const input = parseInput(text)
  if (added === undefined || input === undefined) return text
  const taken = takeField(input, added)
  return 'reported' in taken ? jsonText(taken.input) : text
}

/** Where a provider puts the log-probabilities of its answer: under its own name. */
function logprobsOf(metadata: Answer['metadata']): unknown {
  const found = Object.values(metadata ?? {}).find((own) => own.logprobs != null)
  return found?.logprobs
}

/** Puts the question of this step to another model. */
async function askModel(
  model: unknown,
  params: ModelParams,
  signal: AbortSignal,
): Promise<AnsweredCall[]> {
  if (typeof (model as Partial<WrappableModel> | null)?.doGenerate !== 'function') {
    throw new TypeError('not a language model')
  }
  // Without middleware it only translates models of older specifications.
  const asked = wrapLanguageModel({ model: model as WrappableModel, middleware: [] })
  const { content } = await asked.doGenerate({ ...params, abortSignal: signal })
  return content.flatMap((part) => {
    const input = part.type === 'tool-call' ? parseInput(part.input) : undefined
    return part.type === 'tool-call' && input !== undefined ? [{ tool: part.toolName, input }] : []
  })
}

/** The calls in front of this one in the same answer, without the reader's own field: no opinion has that. */
function inFront(
  raw: unknown,
  id: string,
  added: AddedField | undefined,
): Pick<CallEvidence, 'before'> {
  const { content = [] } = (raw ?? {}) as { content?: ModelResult['content'] }
  const calls = content.filter((part) => part.type === 'tool-call')
  const place = calls.findIndex(({ toolCallId }) => toolCallId === id)
  const before = calls.slice(0, Math.max(place, 0)).flatMap(({ toolName, input: text }) => {
    const input = parseInput(text)
    return input === undefined ? [] : [{ tool: toolName, input: takeField(input, added).input }]
  })
  return before.length === 0 ? {} : { before }
}

/** The evidence of one call; undefined when its arguments are no JSON. */
export function evidenceOf(
  { toolCallId, toolName, input: text }: ModelCall,
  { params, modelId, metadata, raw }: Answer,
  added: AddedField | undefined,
): CallEvidence | undefined {
  const written = parseInput(text)
  if (written === undefined) return undefined
  const { input, reported } = takeField(written, added)
  const logprobs = logprobsOf(metadata)
  const { abortSignal: signal } = params
  return {
    call: { id: toolCallId, tool: toolName, input, text },
    model: modelId,
    raw,
    ...inFront(raw, toolCallId, added),
    ...(logprobs !== undefined && { logprobs }),
    ...(reported !== undefined && { reported }),
    ...(signal !== undefined && { signal }),
    ask: (model, ended) => askModel(model, params, ended),
  }
}
