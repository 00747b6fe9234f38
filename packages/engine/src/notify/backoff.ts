/** After the last of so many tries a notice goes to the list of undelivered ones: about a day after the first. */
export const defaultTries = 12
const firstMs = 15_000
const mostMs = 5 * 3_600_000
const factor = 3

/**
 * How long after its `tries`-th try a notice is tried again, in ms: 15 s, 45 s, 2 min … 5 h, and up to a fifth longer,
 * so that what failed together does not come back together. `random` is in [0, 1).
 */
export function pauseMs(tries: number, random: number): number {
  const pause = Math.min(firstMs * factor ** (Math.max(tries, 1) - 1), mostMs)
  return Math.round(pause * (1 + random / 5))
}

/** What a `Retry-After` header asks for, in ms from `now`, within a second and 6 hours. Undefined for none, or nonsense. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const text = header.trim()
  // A date as HTTP writes it; Date.parse alone would read `-5` as a month.
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  const asked = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : date - now
  if (Number.isNaN(asked)) return undefined
  return Math.min(Math.max(asked, 1000), 6 * 3_600_000)
}
