import { open, readFile, rename, rm } from 'node:fs/promises'
import { parseOwner, stateOf, thisProcess } from './owner.ts'

/**
 * Takes a lock file for this process, or answers undefined while another holds it. The lock of a dead process is moved
 * away first, which succeeds for one process only; of one that cannot be judged (another machine) it stays.
 */
export async function lock(path: string): Promise<(() => Promise<void>) | undefined> {
  if (!(await create(path))) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined && stateOf(parseOwner(text)) !== 'dead') return undefined
    const aside = `${path}.${process.pid}`
    try {
      await rename(path, aside)
    } catch {
      return undefined // another process was faster
    }
    // A lock that was taken between the look and the move is no dead one: it is given back.
    const moved = await readFile(aside, 'utf8').catch(() => '')
    if (moved !== text) {
      await rename(aside, path).catch(() => {})
      return undefined
    }
    await rm(aside, { force: true })
    if (!(await create(path))) return undefined
  }
  return () => rm(path, { force: true })
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(JSON.stringify(thisProcess())).finally(() => file.close())
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
