/** What is on its way, by target: of so many records at once, and of one record once, so that its notices stay in order. */
export type Lanes = {
  /** Those of these targets that take something of this record now. Each of them is to be left. */
  enter(targets: readonly string[], record: string): string[]
  leave(target: string, record: string): void
  /** Whether there is a target that takes more. */
  hasRoom(): boolean
  /** Ends as soon as somebody who is turned away from now on may find room. */
  room(): Promise<void>
}

/** A lane for each target, so that one that does not answer takes no room of the others. */
export function createLanes(targets: readonly string[], width: number): Lanes {
  const lanes = new Map(targets.map((target) => [target, new Set<string>()]))
  /** Who was turned away: from a target that was full, or by an earlier notice of the same record. */
  const turnedAway = new Set<string>()
  let freed = Promise.withResolvers<void>()

  const pair = (target: string, record: string) => `${target} ${record}`

  function isFull(target: string, lane: ReadonlySet<string>): boolean {
    if (lane.size < width) return false
    turnedAway.add(target)
    return true
  }

  return {
    enter: (names, record) =>
      names.filter((target) => {
        const lane = lanes.get(target)
        if (lane === undefined || isFull(target, lane)) return false
        if (lane.has(record)) {
          turnedAway.add(pair(target, record))
          return false
        }
        lane.add(record)
        return true
      }),
    leave(target, record) {
      const lane = lanes.get(target)
      if (!lane?.delete(record)) return
      // Half of it at once: to look at the store for each single one would cost more than it sends.
      const isWide = lane.size <= width / 2 && turnedAway.delete(target)
      if (!turnedAway.delete(pair(target, record)) && !isWide) return
      freed.resolve()
      freed = Promise.withResolvers()
    },
    hasRoom: () => [...lanes].filter(([target, lane]) => !isFull(target, lane)).length > 0,
    room: () => freed.promise,
  }
}
