/** Why there is no answer. What failed is not told: an error's text may hold an input or a key. */
export type Missing = 'timeout' | 'failed' | 'aborted'

export type Ended<T> = { value: T } | { missing: Missing }

/** Waits for work that may never end, or ignore its signal. Never rejects. */
export function within<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  timeoutMs: number,
  outer: AbortSignal | undefined,
): Promise<Ended<T>> {
  const { promise, resolve } = Promise.withResolvers<Ended<T>>()
  const controller = new AbortController()
  const stop = (missing: Missing) => {
    resolve({ missing })
    controller.abort()
  }
  if (outer?.aborted) {
    stop('aborted')
    return promise
  }
  const abort = () => stop('aborted')
  const timer = setTimeout(stop, timeoutMs, 'timeout')
  outer?.addEventListener('abort', abort)
  const run = async () => ({ value: await work(controller.signal) })
  run().then(resolve, () => resolve({ missing: 'failed' }))
  return promise.finally(() => {
    clearTimeout(timer)
    outer?.removeEventListener('abort', abort)
  })
}
