import { stat } from 'node:fs/promises'

/**
 * Looks once a second whether a file is another one than when this was called. Not by `watchFile` of Node: it takes what
 * it finds at its first look as known, and so misses a change that comes right after the call. Answers how to stop.
 */
export async function watchPath(
  path: string,
  changed: () => void,
  everyMs = 1000,
): Promise<() => void> {
  let known = await markOf(path)
  let looking = false
  let stopped = false
  const timer = setInterval(async () => {
    if (looking) return
    looking = true
    const mark = await markOf(path)
    looking = false
    // A look that was under way says nothing any more to whoever has stopped it.
    if (stopped || mark === known) return
    known = mark
    changed()
  }, everyMs)
  timer.unref()
  return () => {
    stopped = true
    clearInterval(timer)
  }
}

/** What is another for every change: a new file has another number, a changed one another time. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return `none ${(error as NodeJS.ErrnoException).code}`
  }
}
