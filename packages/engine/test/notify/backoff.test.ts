import { describe, expect, it } from 'vitest'
import { defaultTries, pauseMs, retryAfterMs } from '../../src/notify/backoff.ts'

const hour = 3_600_000

describe('the pause after a try', () => {
  it('grows to five hours, and all of them together take about a day', () => {
    const pauses = Array.from({ length: defaultTries - 1 }, (_, index) => pauseMs(index + 1, 0))
    expect(pauses.slice(0, 4)).toEqual([15_000, 45_000, 135_000, 405_000])
    expect(Math.max(...pauses)).toBe(5 * hour)
    const whole = pauses.reduce((sum, pause) => sum + pause, 0)
    expect(whole).toBeGreaterThan(23 * hour)
    expect(whole).toBeLessThan(30 * hour)
  })

  it('is up to a fifth longer by chance, and never shorter', () => {
    expect(pauseMs(1, 0.999)).toBeGreaterThan(17_900)
    expect(pauseMs(1, 0.999)).toBeLessThanOrEqual(18_000)
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 22, 10)
  it.each([
    ['30', 30_000],
    [' 5 ', 5000],
    ['0', 1000],
    ['999999', 6 * hour],
    ['Sun, 22 Nov 2026 10:01:00 GMT', 60_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 1000],
    ['Mon, 22 Nov 2027 10:00:00 GMT', 6 * hour],
    ['soon', undefined],
    ['-5', undefined],
    ['', undefined],
    [null, undefined],
  ])('of %j asks for %j ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected)
  })
})
