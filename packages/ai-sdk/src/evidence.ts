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
  const found = Object.values(metadata ?? {}).find((own) => own?.logprobs != null)
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

type Call = { id: string; call: AnsweredCall }

const known = new WeakMap<Answer, Call[]>()

/** The calls of an answer, without the reader's own field: no opinion has that. Parsed once, however many it has. */
function callsIn(answer: Answer, added: AddedField | undefined): Call[] {
  const earlier = known.get(answer)
  if (earlier !== undefined) return earlier
  const { content = [] } = (answer.raw ?? {}) as { content?: ModelResult['content'] }
  const calls = content.flatMap((part): Call[] => {
    const input = part.type === 'tool-call' ? parseInput(part.input) : undefined
    if (part.type !== 'tool-call' || input === undefined) return []
    const call = { tool: part.toolName, input: takeField(input, added).input }
    return [{ id: part.toolCallId, call }]
  })
  known.set(answer, calls)
  return calls
}

/** Those in front of this one. */
function inFront(calls: readonly Call[], toolCallId: string): Pick<CallEvidence, 'before'> {
  const place = calls.findIndex(({ id }) => id === toolCallId)
  return place <= 0 ? {} : { before: calls.slice(0, place).map(({ call }) => call) }
}

/** The evidence of one call; undefined when its arguments are no JSON. */
export function evidenceOf(
  { toolCallId, toolName, input: text }: ModelCall,
  answer: Answer,
  added: AddedField | undefined,
): CallEvidence | undefined {
  const { params, modelId, metadata, raw } = answer
  const written = parseInput(text)
  if (written === undefined) return undefined
  const { input, reported } = takeField(written, added)
  const logprobs = logprobsOf(metadata)
  const { abortSignal: signal } = params
  return {
    call: { id: toolCallId, tool: toolName, input, text },
    model: modelId,
    raw,
    ...inFront(callsIn(answer, added), toolCallId),
    ...(logprobs !== undefined && { logprobs }),
    ...(reported !== undefined && { reported }),
    ...(signal !== undefined && { signal }),
    ask: (model, ended) => askModel(model, params, ended),
  }
}
