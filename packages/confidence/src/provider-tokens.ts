import type { TokenLogprob } from './logprobs.ts'

type Members = Record<string, unknown>

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A token of an answer. `isSampled`: there is a probability, but one from behind the sampler. */
export type ProviderToken = TokenLogprob & { isSampled?: true }

/**
 * The tokens of an answer, from what a provider calls its log-probabilities: OpenAI's and vLLM's `{ content: [...] }`,
 * the bare array, AI SDK's array of arrays, and llama.cpp's `completion_probabilities`.
 */
export function providerTokens(given: unknown): ProviderToken[] {
  if (Array.isArray(given)) {
    return given.flatMap((one) => (Array.isArray(one) ? providerTokens(one) : [toToken(one)]))
  }
  if (!isObject(given)) return []
  const { content, completion_probabilities: probabilities } = given
  if (Array.isArray(content)) return providerTokens(content)
  return Array.isArray(probabilities) ? providerTokens(probabilities) : []
}

function toToken(one: unknown): ProviderToken {
  if (!isObject(one)) return { logprob: Number.NaN }
  const { token, logprob, bytes, prob, probs } = one
  return {
    logprob: typeof logprob === 'number' ? logprob : Number.NaN,
    ...(typeof token === 'string' && { token }),
    ...(isBytes(bytes) && { bytes }),
    // llama.cpp with `post_sampling_probs`, and before 2025: what is left when top-k, top-p and the temperature have cut
    // the others off. A token that the model gave 0.85 has 1 there.
    ...(logprob === undefined &&
      (prob !== undefined || probs !== undefined) && { isSampled: true }),
  }
}

function isBytes(value: unknown): value is number[] {
  const isByte = (byte: unknown) =>
    Number.isInteger(byte) && Number(byte) >= 0 && Number(byte) < 256
  return Array.isArray(value) && value.length > 0 && value.every(isByte)
}
