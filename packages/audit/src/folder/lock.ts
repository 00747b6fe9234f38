import { hash, randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { isSilent, renewLease } from './lease.ts'
import { parseOwner, stateOf, thisProcess } from './owner.ts'
import { readFlags } from './read-flags.ts'

/** A lock that this process holds, as long as no other has taken it over. */
export type Lock = {
  /** Says that its holder is alive. False when another process has taken it over. */
  renew(): Promise<boolean>
  /** Leaves that of another process alone. */
  release(): Promise<void>
}

/**
 * Takes a lock file for this process, or answers undefined while another holds it. The lock of a dead process is taken
 * over, by one process only; one that cannot be judged (another machine) stays, unless it was not renewed for the whole
 * lease.
 */
export async function hold(path: string): Promise<Lock | undefined> {
  const held = await create(path)
  if (held !== undefined) return held
  const text = await read(path)
  if (text === undefined) return undefined
  const state = stateOf(parseOwner(text))
  if (state === 'alive' || (state === 'unknown' && !(await isSilent(path)))) return undefined
  // Two that find it dead at the same time: who comes second must not remove the new lock of who came first. So each dead
  // lock is removed under a lock of its own, and only while it is still this very one.
  const guard = await hold(`${path}.${hash('sha256', text, 'hex').slice(0, 16)}`)
  if (guard === undefined) return undefined
  try {
    if ((await read(path)) === text) await rm(path)
    return await create(path)
  } finally {
    await guard.release()
  }
}

/** As `hold`, for what takes moments: answers what releases it. */
export async function lock(path: string): Promise<(() => Promise<void>) | undefined> {
  return (await hold(path))?.release
}

const read = (path: string): Promise<string | undefined> =>
  readFile(path, { encoding: 'utf8', flag: readFlags }).catch(() => undefined)

/** A link appears with its content or not at all: a process that dies here leaves no lock that nobody can judge. */
async function create(path: string): Promise<Lock | undefined> {
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
    return {
      renew: () => renewLease(path, text),
      release: async () => {
        // What cannot be read is taken for ours: else a process without a free file handle would hold it for ever.
        if (((await read(path)) ?? text) === text) await rm(path, { force: true })
      },
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}
