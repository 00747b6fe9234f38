/** So many pages of records wait in line for room; any more are put off, to make way for those behind them. */
const waitingPages = 10

/** The records that are due, the longest due first. Those at its head may be waiting for a target that is at its limit. */
export type Line = {
  /** How many of it are read at once: those that wait, and a page beyond them. */
  length(): number
  /** Whether who finds no room at this place makes way for the others. */
  isPutOff(place: number): boolean
  /** It was read, and so many of it wait. */
  wasRead(waiting: number): void
}

/** A line that takes `pageSize` at once, and grows by those that wait. */
export function createLine(pageSize: number): Line {
  let waiting = 0
  return {
    length: () => waiting + pageSize,
    isPutOff: (place) => place >= waitingPages * pageSize,
    wasRead(count) {
      waiting = count
    },
  }
}
