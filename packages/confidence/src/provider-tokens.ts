import type { TokenLogprob } from './logprobs.ts'

type Members = Record<string, unknown>

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The tokens of an answer, from what a provider calls its log-probabilities: OpenAI's and vLLM's `{ content: [...] }`,
 * the bare array, AI SDK's array of arrays, and llama.cpp's `completion_probabilities` of any version.
 */
export function providerTokens(given: unknown): TokenLogprob[] {
  if (Array.isArray(given)) {
    return given.flatMap((one) => (Array.isArray(one) ? providerTokens(one) : [toToken(one)]))
  }
  if (!isObject(given)) return []
  const { content, completion_probabilities: probabilities } = given
  if (Array.isArray(content)) return providerTokens(content)
  return Array.isArray(probabilities) ? providerTokens(probabilities) : []
}

function toToken(one: unknown): TokenLogprob {
  if (!isObject(one)) return { logprob: Number.NaN }
  const token = [one.token, one.tok_str, one.content].find((text) => typeof text === 'string')
  const logprob = logprobOf(one, token)
  return {
    logprob: typeof logprob === 'number' ? logprob : Number.NaN,
    ...(typeof token === 'string' && { token }),
    ...(isBytes(one.bytes) && { bytes: one.bytes }),
  }
}

function logprobOf(one: Members, token: unknown): unknown {
  if (one.logprob !== undefined) return one.logprob
  if (one.prob !== undefined) return logOf(one.prob)
  // The most likely token need not be the one that was drawn: only the entry of that one counts.
  const { probs } = one
  if (!Array.isArray(probs)) return undefined
  const drawn: unknown = probs.find((entry) => isObject(entry) && entry.tok_str === token)
  return isObject(drawn) ? logOf(drawn.prob) : undefined
}

function logOf(probability: unknown): number {
  return typeof probability === 'number' ? Math.log(probability) : Number.NaN
}

function isBytes(value: unknown): value is number[] {
  const isByte = (byte: unknown) =>
    Number.isInteger(byte) && Number(byte) >= 0 && Number(byte) < 256
  return Array.isArray(value) && value.length > 0 && value.every(isByte)
}
