import type { TokenLogprob } from './logprobs.ts'

/** What tokens spell together, and where in it each token stands (UTF-16 units). */
export type Spelling = { text: string; spans: { start: number; end: number }[] }

/**
 * Puts the tokens together. A character may be spread over tokens, so bytes are joined where the provider gives them;
 * each token that holds a part of a character stands for all of it.
 */
export function spell(tokens: readonly TokenLogprob[]): Spelling {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  const spans: Spelling['spans'] = []
  let text = ''
  let waiting = 0 // the first token whose characters are not complete yet
  tokens.forEach(({ token = '', bytes }, index) => {
    const start = text.length
    const given = bytes === undefined ? encoder.encode(token) : Uint8Array.from(bytes)
    text += decoder.decode(given, { stream: index < tokens.length - 1 })
    spans.push({ start, end: text.length })
    if (text.length === start) return
    for (const span of spans.slice(waiting, index)) span.end = Math.max(span.end, text.length)
    waiting = index + 1
  })
  return { text, spans }
}
