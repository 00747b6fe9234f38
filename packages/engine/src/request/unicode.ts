const loneSurrogate = /\p{Surrogate}/u
const loneSurrogates = /\p{Surrogate}/gu

/** False for a string with half of a surrogate pair: it has no UTF-8 form, so two of them could be digested alike. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text)
}

/** Puts U+FFFD in place of halves of surrogate pairs. */
export function toWellFormed(text: string): string {
  return text.replace(loneSurrogates, '\uFFFD')
}
