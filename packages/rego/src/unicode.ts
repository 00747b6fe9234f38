const loneSurrogate = /\p{Surrogate}/u

/** False for a string with a lone surrogate: it has no UTF-8 form, so two different ones could be hashed alike. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text)
}
