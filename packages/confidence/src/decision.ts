import { checkTimeout } from './errors.ts'
import type { CallEvidence, ConfidenceReader } from './evidence.ts'
import { external } from './external.ts'
import { safeModel } from './safe-text.ts'
import type { ConfidenceSignal, Json } from './signal.ts'
import { within } from './within.ts'

/** Of `fromDecision`. */
export type DecisionOptions = {
  /** The name of the question whose answer counts; needed when more than one was asked. */
  question?: string
  /** In milliseconds. Default 10 000. */
  timeoutMs?: number
}

/**
 * Asks a decision model whether this is the call that the user asked for. `decide` puts the question and returns the
 * answer as it came: of OpenAI's `client.decisions.create` (predicate), AI SDK's `experimental_decide` (boolean),
 * LangChain's `BaseDecisionModel` (noul), or the probability of yes as a number. Pass on `evidence.signal`.
 */
export function fromDecision(
  decide: (evidence: CallEvidence) => unknown,
  options: DecisionOptions = {},
): ConfidenceReader {
  const { question, timeoutMs = 10_000 } = options
  checkTimeout(timeoutMs)
  return async (evidence) => {
    const asked = (signal: AbortSignal) => decide({ ...evidence, signal })
    const ended = await within(asked, timeoutMs, evidence.signal)
    if ('missing' in ended) return signalOf(undefined, evidence, { reason: ended.missing })
    try {
      const { probability, reason, model } = read(ended.value, question)
      return signalOf(probability, evidence, {
        ...(reason !== undefined && { reason }),
        ...(model !== undefined && { decided_by: model }),
      })
    } catch {
      return signalOf(undefined, evidence, { reason: 'the answer cannot be read' })
    }
  }
}

function signalOf(
  probability: number | undefined,
  { model }: CallEvidence,
  found: { [key: string]: Json },
): ConfidenceSignal {
  const signal = external(probability, {
    method: 'p_true',
    trust: 'adapter',
    ...safeModel(model),
    ...(Object.keys(found).length > 0 && { evidence: found }),
  })
  if (signal.value !== null || found.reason !== undefined) return signal
  return { ...signal, evidence: { ...found, reason: 'not a probability from 0 to 1' } }
}

type Found = { probability?: number; reason?: string; model?: string }
type Members = Record<string, unknown>

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

function read(answer: unknown, question: string | undefined): Found {
  if (typeof answer === 'number') return { probability: answer }
  if (!isObject(answer)) return { reason: 'not an answer of a decision model' }
  if (typeof answer.type === 'string') return probabilityOf(answer)
  const { answers = answer, model, response } = answer
  const name = safeModel(model ?? (isObject(response) ? response.modelId : undefined))
  return { ...pick(answers, question), ...name }
}

/** The one answer that counts: of a list with names (OpenAI), or of an object by name (AI SDK, LangChain). */
function pick(answers: unknown, question: string | undefined): Found {
  if (!isObject(answers)) return { reason: 'not an answer of a decision model' }
  const named: [unknown, unknown][] = Array.isArray(answers)
    ? answers.map((one) => [isObject(one) ? one.name : undefined, one])
    : Object.entries(answers)
  const meant = question === undefined ? named : named.filter(([name]) => name === question)
  const [first, second] = meant
  if (first === undefined) return { reason: 'the question was not answered' }
  if (second !== undefined) return { reason: 'more than one answer, and the question is not named' }
  return probabilityOf(first[1])
}

function probabilityOf(answer: unknown): Found {
  const { type, probability, noul } = isObject(answer) ? answer : {}
  if (type === 'refusal') return { reason: 'the decision model refused' }
  const found =
    type === 'predicate' || type === 'boolean' ? probability : type === 'noul' ? noul : undefined
  if (typeof found === 'number') return { probability: found }
  // The confidence of a choice or a score is that of its answer, whichever it is: not that of yes.
  return { reason: 'not the probability of a yes' }
}
