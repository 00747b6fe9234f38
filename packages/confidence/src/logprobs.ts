import { valueSpans } from './fields.ts'
import { logitOfLog } from './log-odds.ts'
import { safeModel, shown } from './safe-text.ts'
import type { ConfidenceSignal, Json } from './signal.ts'

/**
 * A token of the tool call with its natural-log probability. `field` names the argument it belongs to; `bytes` are its
 * UTF-8 bytes, which tell more than the text where a character is spread over tokens.
 */
export type TokenLogprob = { token?: string; logprob: number; field?: string; bytes?: number[] }

/** Of `fromLogprobs`. */
export type LogprobOptions = {
  /**
   * The text of the tool call (its argument JSON) that the tokens must spell. Give it whenever the provider
   * returns one array for the whole answer: the tokens of a preamble text spell something else and are refused.
   * From it the fields are found as well, unless the tokens name them.
   */
  text?: string
  model?: string
}

/** The tokens of a tool call alone, and the sum of the log-probabilities of each of its fields and of its name. */
export type CallTokens = {
  tokens: readonly TokenLogprob[]
  fields: ReadonlyMap<string, number>
  name?: number
}

/** Providers without log-probabilities fill the field with this (DeepSeek, and OpenAI for "not among the top"). */
const sentinel = -9999

/**
 * Confidence from the log-probabilities of the tool call's own tokens: the least certain field counts, each field
 * being the product of its tokens. A mean over all tokens would drown one doubtful amount in forty certain brackets.
 * Plain numbers are one field. Once a token names a field, those that name none are structure and do not count.
 * Never throws: data that cannot be meant gives value null, with the reason as evidence.
 */
export function fromLogprobs(given: unknown, options: LogprobOptions = {}): ConfidenceSignal {
  try {
    return readLogprobs(given, options)
  } catch {
    return refuseLogprobs('the data cannot be read', options?.model)
  }
}

function readLogprobs(given: unknown, { text, model }: LogprobOptions): ConfidenceSignal {
  if (!Array.isArray(given)) return refuseLogprobs('no array of tokens', model)
  const tokens = Array.from(given as unknown[], toToken)
  const reason = reasonToRefuse(tokens)
  if (reason !== undefined) return refuseLogprobs(reason, model)
  if (text !== undefined && tokens.map(({ token }) => token ?? '').join('') !== text) {
    return refuseLogprobs('the tokens do not spell the tool call', model)
  }
  return leastCertain({ tokens, fields: sumsByField(tokens, text) }, model)
}

/** The signal of the least certain part. Where neither a field nor the name is known, every token counts. */
export function leastCertain(
  { tokens, fields, name }: CallTokens,
  model: string | undefined,
): ConfidenceSignal {
  if (tokens.every(({ logprob }) => logprob === 0)) {
    return refuseLogprobs('every log-probability is exactly 0', model)
  }
  const total = tokens.reduce((sum, { logprob }) => sum + logprob, 0)
  const [field, ofField] = [...fields].reduce<[string | undefined, number]>(
    (least, one) => (one[1] < least[1] ? one : least),
    [undefined, Number.POSITIVE_INFINITY],
  )
  const known = Math.min(ofField, name ?? Number.POSITIVE_INFINITY)
  const least = known === Number.POSITIVE_INFINITY ? total : known
  const evidence: { [key: string]: Json } = {
    tokens: tokens.length,
    mean_logprob: total / tokens.length,
    fields: Math.max(fields.size, name === undefined ? 1 : 0),
  }
  if (field !== undefined && ofField === least) evidence.least_field = shown(field)
  if (name !== undefined) evidence.name_logprob = name
  return {
    method: 'token_logprob',
    trust: 'adapter',
    value: Math.exp(least),
    score: logitOfLog(least),
    samples: 1,
    evidence,
    ...safeModel(model),
  }
}

function toToken(one: unknown): TokenLogprob {
  if (typeof one !== 'object' || one === null) return { logprob: one as number }
  const { token, logprob, field } = one as Record<string, unknown>
  return {
    logprob: logprob as number,
    ...(typeof token === 'string' && { token }),
    ...(typeof field === 'string' && { field }),
  }
}

/** There are log-probabilities, but none that can be used. */
export function refuseLogprobs(reason: string, model: string | undefined): ConfidenceSignal {
  return {
    method: 'token_logprob',
    trust: 'adapter',
    value: null,
    score: null,
    evidence: { reason },
    ...safeModel(model),
  }
}

/** Why numbers that a provider gives cannot be meant. */
export function reasonToRefuse(tokens: readonly TokenLogprob[]): string | undefined {
  if (tokens.length === 0) return 'no tokens'
  for (const { logprob } of tokens) {
    if (typeof logprob !== 'number' || Number.isNaN(logprob)) {
      return 'a log-probability is not a number'
    }
    if (logprob > 0) return 'a log-probability is above 0'
    if (logprob <= sentinel) return 'a log-probability is the sentinel for "none"'
  }
  return undefined
}

/** Sum of the log-probabilities of each field; empty when nothing is known of the fields, or there is no value. */
function sumsByField(
  tokens: readonly TokenLogprob[],
  text: string | undefined,
): Map<string, number> {
  if (tokens.some(({ field }) => field !== undefined)) {
    const sums = new Map<string, number>()
    for (const { field, logprob } of tokens) {
      if (field !== undefined) sums.set(field, (sums.get(field) ?? 0) + logprob)
    }
    return sums
  }
  let end = 0
  const placed = tokens.map(({ token = '', logprob }) => {
    const start = end
    end += token.length
    return { start, end, logprob }
  })
  return sumsBySpan(placed, text === undefined ? [] : (valueSpans(text) ?? []))
}

type Span = { start: number; end: number }

/** Sum of the log-probabilities of the tokens that touch the spans of each field. Both in the order of the text. */
export function sumsBySpan(
  tokens: readonly (Span & { logprob: number })[],
  spans: readonly (Span & { field: string })[],
): Map<string, number> {
  const sums = new Map<string, number>()
  let first = 0 // both are in order: spans before this one are behind us
  for (const { start, end, logprob } of tokens) {
    while (first < spans.length && (spans[first] as Span).end <= start) first += 1
    const touched = new Set<string>()
    for (let at = first; at < spans.length; at += 1) {
      const span = spans[at] as Span & { field: string }
      if (span.start >= end) break
      touched.add(span.field)
    }
    // A token that holds the end of one value and the start of the next counts for both.
    for (const field of touched) sums.set(field, (sums.get(field) ?? 0) + logprob)
  }
  return sums
}
