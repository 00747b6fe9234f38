/** A clock that goes on only when it is told to. `now` is what `createLelu` takes. */
export type FakeClock = {
  now: () => number
  /** So many milliseconds. */
  advance(ms: number): void
}

/** Begins at this time, in epoch milliseconds. */
export function fakeClock(start: number = Date.UTC(2026, 0, 5, 9)): FakeClock {
  let time = start
  return {
    now: () => time,
    advance(ms) {
      time += ms
    },
  }
}
