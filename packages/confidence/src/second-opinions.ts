import { type AgreementOptions, agreement, type FieldRule, type Opinion } from './agreement.ts'
import { ConfidenceError, checkTimeout } from './errors.ts'
import type { CallEvidence, ConfidenceReader } from './evidence.ts'
import { safeModel } from './safe-text.ts'
import type { ConfidenceSignal } from './signal.ts'
import { within } from './within.ts'

/** Of `secondOpinions`. */
export type SecondOpinionOptions = {
  /** Cheap models of the same framework. */
  models: readonly unknown[]
  /** How many answers to ask for; with more than there are models, they are asked in turn. Default: each once. */
  k?: number
  /** How to compare. Default: every field exactly. */
  fields?: Readonly<Record<string, FieldRule>>
  /** Only for calls of these tools; the others have no confidence. Default: all. */
  tools?: readonly string[]
  /** For each answer, in milliseconds. Default 10 000. */
  timeoutMs?: number
}

type Ask = NonNullable<CallEvidence['ask']>

/**
 * Puts the same question to other models and compares the calls they would make: the one source that works with every
 * provider, at the price of `k` cheap answers for each answer of the model, however many calls that has. What is not
 * answered in time disagrees.
 */
export function secondOpinions(options: SecondOpinionOptions): ConfidenceReader {
  const { models, k = models.length, fields = {}, tools, timeoutMs = 10_000 } = check(options)
  const known = new WeakMap<Ask, Promise<(Opinion | undefined)[]>>()
  const opinionOf = async (ask: Ask, other: unknown, signal: AbortSignal | undefined) => {
    const ended = await within((ends) => ask(other, ends), timeoutMs, signal)
    if ('value' in ended) return Array.isArray(ended.value) ? ended.value : 'failed'
    return ended.missing === 'aborted' ? undefined : ended.missing
  }
  return async ({ ask, call, before = [], model, signal }) => {
    if (ask === undefined || (tools !== undefined && !tools.includes(call.tool))) return undefined
    const asked =
      known.get(ask) ??
      Promise.all(
        Array.from({ length: k }, (_, index) =>
          opinionOf(ask, models[index % models.length], signal),
        ),
      )
    known.set(ask, asked)
    const opinions = await asked
    // The run has ended, so nothing has disagreed either.
    if (!opinions.every((opinion) => opinion !== undefined)) return aborted(model)
    const options: AgreementOptions = { fields, before, ...safeModel(model) }
    return agreement(call, opinions, options)
  }
}

function aborted(model: string | undefined): ConfidenceSignal {
  return {
    method: 'agreement',
    trust: 'adapter',
    value: null,
    score: null,
    evidence: { reason: 'the run was aborted' },
    ...safeModel(model),
  }
}

function check(options: SecondOpinionOptions): SecondOpinionOptions {
  const { models, k, fields = {}, timeoutMs = 10_000 } = options
  if (!Array.isArray(models) || models.length === 0) {
    throw new ConfidenceError(
      'The option `models` of secondOpinions() is empty.',
      'Pass at least one model of the framework that the adapter is for.',
    )
  }
  if (k !== undefined && !(Number.isInteger(k) && k > 0)) {
    throw new ConfidenceError(
      'The option `k` of secondOpinions() must be a whole number above 0.',
      'Pass how many answers to ask for, or leave it out to ask each model once.',
    )
  }
  for (const [name, rule] of Object.entries(fields)) {
    if (isRule(rule)) continue
    throw new ConfidenceError(
      `The rule of the field \`${name}\` is not known.`,
      "Pass 'exact', 'ignore', or { tolerance } as a number of at least 0, such as 0.01 for 1 %.",
    )
  }
  checkTimeout(timeoutMs)
  return options
}

function isRule(rule: FieldRule): boolean {
  if (rule === 'exact' || rule === 'ignore') return true
  const isSize = (value: unknown) => Number.isFinite(value) && (value as number) >= 0
  return (
    typeof rule === 'object' &&
    rule !== null &&
    isSize(rule.tolerance) &&
    (rule.absolute === undefined || isSize(rule.absolute))
  )
}
