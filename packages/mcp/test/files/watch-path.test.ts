import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchPath } from '../../src/files/watch-path.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lelu-watch-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['written', (path: string) => writeFileSync(path, 'b')],
  [
    'replaced',
    (path: string) => {
      writeFileSync(`${path}.new`, 'a')
      renameSync(`${path}.new`, path)
    },
  ],
  ['taken away', (path: string) => rmSync(path)],
])('a file that is %s right after the call is seen to be another', async (_what, change) => {
  // Node's `watchFile` took the change for what was there before, about every tenth time.
  const path = join(folder, 'lock')
  writeFileSync(path, 'a')
  const changed = vi.fn()
  const stop = await watchPath(path, changed, 10)
  change(path)
  await vi.waitFor(() => expect(changed).toHaveBeenCalledOnce(), { timeout: 30_000 })
  stop()
})

test('a file that comes into being is told, and nothing after the end', async () => {
  const path = join(folder, 'lock')
  const changed = vi.fn()
  // By a rename: between its creation and its first byte, a file that is written in place may be seen.
  writeFileSync(`${path}.draft`, 'a')
  const stop = await watchPath(path, changed, 10)
  renameSync(`${path}.draft`, path)
  await vi.waitFor(() => expect(changed).toHaveBeenCalledOnce(), { timeout: 30_000 })
  stop()
  writeFileSync(path, 'bb')
  await new Promise((next) => setTimeout(next, 60))
  expect(changed).toHaveBeenCalledOnce()
})

test('a look that is under way at the end tells nothing', async () => {
  const path = join(folder, 'lock')
  for (let round = 0; round < 20; round += 1) {
    rmSync(path, { force: true })
    const changed = vi.fn()
    const stop = await watchPath(path, changed, 1)
    writeFileSync(path, 'a')
    // Timers run in the order of their times: the look has just begun.
    await new Promise((next) => setTimeout(next, 1))
    const told = changed.mock.calls.length
    stop()
    await new Promise((next) => setTimeout(next, 10))
    expect(changed).toHaveBeenCalledTimes(told)
  }
})
