/** What is read at once is no more than this, in characters, but for a single row: a line of large inputs would fill the memory. */
const mostUnits = 16 * 1024 * 1024
/** So many pages of records wait in line for room; any more are put off, to make way for those behind them. */
const waitingPages = 10

/** The records that are due, the longest due first. Those at its head may be waiting for a target that is at its limit. */
export type Line = {
  /** How many of it are read at once: those that wait, and a page beyond them. */
  length(): number
  /** Whether who finds no room at this place makes way for the others. */
  isPutOff(place: number): boolean
  /** It was read, and so many of it wait. `size`: of one of them, in characters. */
  wasRead(waiting: number, size: number): void
  /** The store did not answer: perhaps inputs are so large that it cannot bring so many in time. */
  wasNotRead(): void
}

/** A line that takes `pageSize` at once, and grows by those that wait. */
export function createLine(pageSize: number): Line {
  const longest = (waitingPages + 1) * pageSize
  /** Half of what was too much, and a little more with each time that it was not. */
  let most = longest
  let waiting = 0
  const length = () => Math.min(waiting + pageSize, most)
  return {
    length,
    isPutOff: (place) => place >= Math.max(most - pageSize, Math.floor(most / 2)),
    wasRead(count, size) {
      waiting = count
      const fitting = Math.max(Math.floor(mostUnits / Math.max(size, 1)), 1)
      most = Math.min(most + Math.ceil(pageSize / 10), longest, fitting)
    },
    wasNotRead() {
      most = Math.max(Math.floor(length() / 2), 1)
    },
  }
}
