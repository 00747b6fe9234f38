import { hash, randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { isSilent } from './lease.ts'
import { parseOwner, stateOf, thisProcess } from './owner.ts'
import { readFlags } from './read-flags.ts'

/**
 * Takes a lock file for this process, or answers undefined while another holds it. The lock of a dead process is taken
 * over, by one process only; one that cannot be judged (another machine) stays, unless it was not renewed for the whole
 * lease.
 */
export async function lock(path: string): Promise<(() => Promise<void>) | undefined> {
  const release = () => rm(path, { force: true })
  if (await create(path)) return release
  const text = await read(path)
  if (text === undefined) return undefined
  const state = stateOf(parseOwner(text))
  if (state === 'alive' || (state === 'unknown' && !(await isSilent(path)))) return undefined
  // Two that find it dead at the same time: who comes second must not remove the new lock of who came first. So each dead
  // lock is removed under a lock of its own, and only while it is still this very one.
  const guard = await lock(`${path}.${hash('sha256', text, 'hex').slice(0, 16)}`)
  if (guard === undefined) return undefined
  try {
    if ((await read(path)) === text) await rm(path)
    return (await create(path)) ? release : undefined
  } finally {
    await guard()
  }
}

const read = (path: string): Promise<string | undefined> =>
  readFile(path, { encoding: 'utf8', flag: readFlags }).catch(() => undefined)

/** A link appears with its content or not at all: a process that dies here leaves no lock that nobody can judge. */
async function create(path: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.tmp`
  // The last member makes each lock another one, also of the same process.
  const text = JSON.stringify({ ...thisProcess(), lock: randomUUID() })
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o600 })
    await link(draft, path).catch(async (error: NodeJS.ErrnoException) => {
      // A file system without links (exFAT, some network drives). A lock that is left half written is waited out.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(error.code ?? '')) throw error
      await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}
