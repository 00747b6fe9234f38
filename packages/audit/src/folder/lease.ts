import { randomUUID } from 'node:crypto'
import { open, rm, stat, writeFile } from 'node:fs/promises'

/**
 * How long (milliseconds) a process that cannot be judged from here, in another container or on another machine, may be
 * silent before its stream or lock is taken over. A container that is killed comes back as another one.
 */
export const leaseMs: number = 15 * 60_000

/**
 * Says that this process is alive, by the time of a file. False when the file is gone, or is not `own` any more: another
 * process has taken over. It is written and not touched: the time is then that of the file system, one clock for all who
 * share it.
 */
export async function renewLease(path: string, own?: string): Promise<boolean> {
  try {
    const file = await open(path, 'r+')
    try {
      const text = await file.readFile()
      if (own !== undefined && text.toString() !== own) return false
      await file.write(text, 0, text.length, 0)
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Whether nobody has renewed a file for the whole lease, by the clock of its file system. */
export async function isSilent(path: string): Promise<boolean> {
  const probe = `${path}.${randomUUID()}.now`
  try {
    await writeFile(probe, '', { flag: 'wx', mode: 0o600 })
    const { mtimeMs: now } = await stat(probe)
    const { mtimeMs: renewed } = await stat(path)
    return now - renewed > leaseMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false // closed or taken just now
    throw error
  } finally {
    await rm(probe, { force: true })
  }
}
