import { randomBytes } from 'node:crypto'
import { readFile, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const waitMs = 5000
const stepMs = 10

/**
 * Holds off other writers of ours between looking at a file and replacing it, which no call does in one. Other programs
 * do not know the lock: against them, looking is all there is. Null: somebody else holds it for too long.
 */
export async function withLock<T>(target: string, work: () => Promise<T>): Promise<T | null> {
  const lock = join(dirname(target), `.${basename(target)}.lelu-lock`)
  const mine = `${process.pid} ${randomBytes(8).toString('hex')}`
  const until = Date.now() + waitMs
  while (!(await take(lock, mine))) {
    if (Date.now() > until) return null
    await sleep(stepMs)
  }
  try {
    return await work()
  } finally {
    if ((await holder(lock)) === mine) await unlink(lock).catch(() => {})
  }
}

async function take(lock: string, mine: string): Promise<boolean> {
  try {
    await writeFile(lock, mine, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const other = await holder(lock)
  // Left by a process that was killed. An empty one is being written just now.
  if (other !== null && other !== '' && !isAlive(other)) await unlink(lock).catch(() => {})
  return false
}

async function holder(lock: string): Promise<string | null> {
  return readFile(lock, 'utf8').catch(() => null)
}

function isAlive(holder: string): boolean {
  const pid = Number.parseInt(holder, 10)
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
