import { logitOfLog } from './log-odds.ts'
import type { ConfidenceSignal, Json } from './signal.ts'

/** A token of the tool call with its natural-log probability. `field` names the argument it belongs to. */
export type TokenLogprob = { token?: string; logprob: number; field?: string }

export type LogprobOptions = {
  /**
   * The text of the tool call (its argument JSON) that the tokens must spell. Give it whenever the provider
   * returns one array for the whole answer: the tokens of a preamble text spell something else and are refused.
   */
  text?: string
  model?: string
}

/** Providers without log-probabilities fill the field with this (DeepSeek, OpenAI's sentinel). */
const sentinel = -9999

function refuse(reason: string, model: string | undefined): ConfidenceSignal {
  return {
    method: 'token_logprob',
    trust: 'adapter',
    value: null,
    score: null,
    evidence: { reason },
    ...(model !== undefined && { model }),
  }
}

function reasonToRefuse(
  tokens: readonly TokenLogprob[],
  text: string | undefined,
): string | undefined {
  if (tokens.length === 0) return 'no tokens'
  for (const { logprob } of tokens) {
    if (typeof logprob !== 'number' || Number.isNaN(logprob))
      return 'a log-probability is not a number'
    if (logprob > 0) return 'a log-probability is above 0'
    if (logprob <= sentinel) return 'a log-probability is the sentinel for "none"'
  }
  if (tokens.every(({ logprob }) => logprob === 0)) return 'every log-probability is exactly 0'
  if (text !== undefined && tokens.map(({ token }) => token ?? '').join('') !== text) {
    return 'the tokens do not spell the tool call'
  }
  return undefined
}

/** Sum of the log-probabilities of each field; tokens without a field form one of their own. */
function byField(tokens: readonly TokenLogprob[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { field = '', logprob } of tokens) sums.set(field, (sums.get(field) ?? 0) + logprob)
  return sums
}

/**
 * Confidence from the log-probabilities of the tool call's own tokens: the least certain field counts, each field
 * being the product of its tokens. A mean over all tokens would drown one doubtful amount in forty certain brackets.
 * Never throws: data that cannot be meant gives value null, with the reason as evidence.
 */
export function fromLogprobs(
  given: unknown,
  { text, model }: LogprobOptions = {},
): ConfidenceSignal {
  if (!Array.isArray(given)) return refuse('no array of tokens', model)
  const tokens = given.map(
    (one): TokenLogprob => (typeof one === 'object' && one !== null ? one : { logprob: one }),
  )
  const reason = reasonToRefuse(tokens, text)
  if (reason !== undefined) return refuse(reason, model)
  const sums = byField(tokens)
  const [field, sum] = [...sums].reduce((least, one) => (one[1] < least[1] ? one : least))
  const mean = tokens.reduce((total, { logprob }) => total + logprob, 0) / tokens.length
  const evidence: { [key: string]: Json } = {
    tokens: tokens.length,
    mean_logprob: mean,
    fields: sums.size,
  }
  if (field !== '') evidence.least_field = field
  return {
    method: 'token_logprob',
    trust: 'adapter',
    value: Math.exp(sum),
    score: logitOfLog(sum),
    samples: 1,
    evidence,
    ...(model !== undefined && { model }),
  }
}
