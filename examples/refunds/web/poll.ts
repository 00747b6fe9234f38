/**
 * Asks again and again, each time a while after the last answer: on a slow line an older answer must not come behind a newer
 * one. Answers what ends it.
 */
export function poll(everyMs: number, ask: () => Promise<void>): () => void {
  let ended = false
  let timer: ReturnType<typeof setTimeout>
  const next = () => {
    timer = setTimeout(async () => {
      await ask()
      if (!ended) next()
    }, everyMs)
  }
  next()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}
