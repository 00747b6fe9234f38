/**
 * SQLite's own waiting for the lock of its file holds the whole process, and with it callers who need no lock at all.
 * So nothing waits inside of SQLite: whoever finds the lock taken tries again a little later, until its time is over.
 */

/** SQLITE_BUSY and its kinds, of Node's own SQLite and of the libraries that `@keyv/sqlite` brings. */
export function isBusy(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: number; code?: unknown }
  return (errcode ?? 0) % 256 === 5 || String(code).startsWith('SQLITE_BUSY')
}

/** Until the next try, in ms: of several who wait, each at another moment, so that no two meet again and again. */
export const busyPauseMs = (): number => 1 + 4 * Math.random()

/** As long as the engine waits for a write: one that comes later than its answer must not be. */
export const patienceOf = (deadlineMs: number): number => Math.ceil(deadlineMs / 2)

/** Tries until it is not in anybody's way, for so many milliseconds. */
export async function whileBusy<T>(patienceMs: number, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const pause = busyPauseMs()
      if (!isBusy(error) || performance.now() + pause >= until) throw error
      await new Promise((next) => setTimeout(next, pause))
      // After a standstill of the process its caller may have been told no.
      if (performance.now() >= until) throw error
    }
  }
}
