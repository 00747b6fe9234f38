import type { CallEvidence, ConfidenceReader, ConfidenceSignal, Json } from '../src/index.ts'

export type Token = { token: string; logprob: number; bytes: number[] }

/** Tokens that spell the text, cut at the dots. Those that are named have the probability given, of the others it is all but 1. */
export function tokens(text: string, probabilities: Record<string, number> = {}): Token[] {
  return text.split('·').map((token) => ({
    token,
    logprob: token in probabilities ? Math.log(Number(probabilities[token])) : -1e-12,
    bytes: [...new TextEncoder().encode(token)],
  }))
}

/** What an adapter knows of the call of `trade` with this input, in an answer without text. */
export function evidence(input: Json, more: Partial<CallEvidence> = {}): CallEvidence {
  return {
    call: { id: 'call_0', tool: 'trade', input, text: JSON.stringify(input) },
    raw: { content: null },
    ...more,
  }
}

/** Why a signal has no value, as its evidence says. */
export function reasonIn(signal: ConfidenceSignal | undefined): Json | undefined {
  const evidence = signal?.evidence ?? null
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) return undefined
  return evidence.reason
}

/** What the reader finds; a promise or not. */
export async function readIt(
  reader: ConfidenceReader,
  given: CallEvidence,
): Promise<ConfidenceSignal | undefined> {
  return await reader(given)
}
