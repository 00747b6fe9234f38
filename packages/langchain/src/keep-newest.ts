const most = 4096

/** Keeps something in memory for a call that may come. Of too many the oldest is forgotten: none is needed for ever. */
export function keepNewest<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.set(key, value)
  const [oldest] = kept.keys()
  if (kept.size > most && oldest !== undefined) kept.delete(oldest)
}
