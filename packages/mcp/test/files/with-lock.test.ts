import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { withLock } from '../../src/files/with-lock.ts'
import { temporaryFolder } from '../gateway/support.ts'

const holder = fileURLToPath(new URL('./lock-holder.ts', import.meta.url))
const lockOf = (target: string) => join(dirname(target), `.${basename(target)}.lelu-lock`)

/** A file whose lock another process has, and how to kill that process. */
async function held(): Promise<{ target: string; kill: () => Promise<void> }> {
  const target = join(temporaryFolder(), 'file')
  const child = spawn(process.execPath, ['--conditions=lelu:source', holder, target], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { target, kill }
}

test('the lock of a process that was killed is taken over by one of many at a time', async () => {
  const { target, kill } = await held()
  await kill()
  let inside = 0
  let most = 0
  const work = async () => {
    inside += 1
    most = Math.max(most, inside)
    await new Promise((done) => setTimeout(done, 5))
    inside -= 1
  }
  await Promise.all(Array.from({ length: 12 }, () => withLock(target, work)))
  expect(most).toBe(1)
  expect(readdirSync(dirname(target))).toEqual([])
})

test('the lock of a process whose number another has by now holds nobody off', async () => {
  const { target, kill } = await held()
  const lock = JSON.parse(readFileSync(lockOf(target), 'utf8')) as object
  await kill()
  // This very process is alive, and began at another time.
  writeFileSync(lockOf(target), JSON.stringify({ ...lock, pid: process.pid }))
  expect(await withLock(target, async () => 'done')).toBe('done')
})

test('a lock that says nothing of its process is in the way for a while only', async () => {
  const target = join(temporaryFolder(), 'file')
  writeFileSync(lockOf(target), '')
  const hourAgo = new Date(Date.now() - 3_600_000)
  utimesSync(lockOf(target), hourAgo, hourAgo)
  expect(await withLock(target, async () => 'done')).toBe('done')
})

test('one that waits too long says what is in its way, and what to do', async () => {
  const { target } = await held()
  const ran: string[] = []
  await expect(withLock(target, async () => ran.push('work'), 50)).rejects.toMatchObject({
    code: 'LELU_MCP_LOCK_BUSY',
    message: `${target} is being changed by another process, and that does not end.`,
    help: `Try again. If no other lelu-mcp is at work, delete ${lockOf(target)}.`,
  })
  expect(ran).toEqual([])
})
