const most = 128

/** An id as messages show it, which go to logs and terminals: it may be anybody's. On one line, of 128 characters at most. */
export function shownId(given: unknown): string {
  if (typeof given !== 'string') return `of the type ${typeof given}`
  const line = given.slice(0, most).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
  return given.length > most ? `${line}…` : line
}
