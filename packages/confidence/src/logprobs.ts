import { valueSpans } from './fields.ts'
import { logitOfLog } from './log-odds.ts'
import type { ConfidenceSignal, Json } from './signal.ts'

/** A token of the tool call with its natural-log probability. `field` names the argument it belongs to. */
export type TokenLogprob = { token?: string; logprob: number; field?: string }

export type LogprobOptions = {
  /**
   * The text of the tool call (its argument JSON) that the tokens must spell. Give it whenever the provider
   * returns one array for the whole answer: the tokens of a preamble text spell something else and are refused.
   * From it the fields are found as well, unless the tokens name them.
   */
  text?: string
  model?: string
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
    return refuse('the data cannot be read', options?.model)
  }
}

function readLogprobs(given: unknown, { text, model }: LogprobOptions): ConfidenceSignal {
  if (!Array.isArray(given)) return refuse('no array of tokens', model)
  const tokens = Array.from(given as unknown[], toToken)
  const reason = reasonToRefuse(tokens, text)
  if (reason !== undefined) return refuse(reason, model)
  const sums = sumsByField(tokens, text)
  const [field, sum] = [...sums].reduce((least, one) => (one[1] < least[1] ? one : least))
  const mean = tokens.reduce((total, { logprob }) => total + logprob, 0) / tokens.length
  const evidence: { [key: string]: Json } = {
    tokens: tokens.length,
    mean_logprob: mean,
    fields: sums.size,
  }
  if (field !== whole) evidence.least_field = field
  return {
    method: 'token_logprob',
    trust: 'adapter',
    value: Math.exp(sum),
    score: logitOfLog(sum),
    samples: 1,
    evidence,
    ...(typeof model === 'string' && { model }),
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

function refuse(reason: string, model: string | undefined): ConfidenceSignal {
  return {
    method: 'token_logprob',
    trust: 'adapter',
    value: null,
    score: null,
    evidence: { reason },
    ...(typeof model === 'string' && { model }),
  }
}

function reasonToRefuse(tokens: readonly TokenLogprob[], text: unknown): string | undefined {
  if (tokens.length === 0) return 'no tokens'
  for (const { logprob } of tokens) {
    if (typeof logprob !== 'number' || Number.isNaN(logprob)) {
      return 'a log-probability is not a number'
    }
    if (logprob > 0) return 'a log-probability is above 0'
    if (logprob <= sentinel) return 'a log-probability is the sentinel for "none"'
  }
  if (tokens.every(({ logprob }) => logprob === 0)) return 'every log-probability is exactly 0'
  if (text === undefined) return undefined
  const spelled = tokens.map(({ token }) => token ?? '').join('')
  return spelled === text ? undefined : 'the tokens do not spell the tool call'
}

/** The one field of a call whose fields are not known. */
const whole = ''

/** Sum of the log-probabilities of each field: never empty. */
function sumsByField(
  tokens: readonly TokenLogprob[],
  text: string | undefined,
): Map<string, number> {
  const sums = new Map<string, number>()
  const add = (field: string, logprob: number) => sums.set(field, (sums.get(field) ?? 0) + logprob)
  if (tokens.some(({ field }) => field !== undefined)) {
    for (const { field, logprob } of tokens) if (field !== undefined) add(field, logprob)
    return sums
  }
  const spans = text === undefined ? [] : (valueSpans(text) ?? [])
  let start = 0
  for (const { token = '', logprob } of tokens) {
    const end = start + token.length
    // A token that holds the end of one value and the start of the next counts for both.
    const touched = spans.filter((span) => start < span.end && span.start < end)
    for (const field of new Set(touched.map((span) => span.field))) add(field, logprob)
    start = end
  }
  // No value in it, or nothing known of its fields: then every token counts.
  if (sums.size === 0) for (const { logprob } of tokens) add(whole, logprob)
  return sums
}
