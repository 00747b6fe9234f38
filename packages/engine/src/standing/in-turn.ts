const last = new Map<string, Promise<unknown>>()

/**
 * Runs what is done under one key in this process one after the other; `work` is told whether somebody was before it. Where
 * it fails for one, it has failed for all who wait behind: of a store that does not answer they hear at once, not in turn.
 */
export function inTurn<T>(key: string, work: (waited: boolean) => Promise<T>): Promise<T> {
  const before = last.get(key)
  const mine = before === undefined ? work(false) : before.then(() => work(true))
  last.set(key, mine)
  const ended = () => {
    if (last.get(key) === mine) last.delete(key)
  }
  mine.then(ended, ended)
  return mine
}
