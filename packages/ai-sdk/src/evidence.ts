import {
  type AddedField,
  type AnsweredCall,
  type CallEvidence,
  jsonText,
  takeField,
} from '@lelu/engine/adapter'
import { type ModelCall, type ModelParams, type ModelResult, parseInput } from './model-call.ts'
import { askModel, withoutEffects } from './second-opinion.ts'

/** What a whole answer tells of each of its calls. */
export type Answer = {
  params: ModelParams
  modelId: string
  metadata: ModelResult['providerMetadata']
  raw: unknown
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

type Call = { id: string; call: AnsweredCall }

type Ask = Pick<CallEvidence, 'ask'>

const questions = new WeakMap<Answer, Ask>()

/** How the question of an answer is put to another model: one function for all its calls. */
function askOf(answer: Answer): Ask {
  const earlier = questions.get(answer)
  if (earlier !== undefined) return earlier
  const question = withoutEffects(answer.params)
  const made: Ask = question ? { ask: (model, ended) => askModel(model, question, ended) } : {}
  questions.set(answer, made)
  return made
}

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
    ...askOf(answer),
  }
}
