import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decision, temporaryFolder } from '../support.ts'
import { openLog } from './forwarding.ts'
import { startReceiver } from './receiver.ts'

describe('a forwarder that is killed', () => {
  const program = fileURLToPath(new URL('./forwarder.ts', import.meta.url))

  function start(args: string[]) {
    const child = spawn(process.execPath, ['--conditions=lelu:source', program, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const kill = async () => {
      child.kill('SIGKILL')
      await ended
    }
    onTestFinished(kill)
    return kill
  }

  it('leaves no record unsent, wherever it was, though the receiver fails too', async () => {
    const folder = temporaryFolder()
    const directory = join(folder, 'audit')
    const cursor = join(folder, 'cursor.json')
    const log = await openLog(directory)
    await log.append(decision('n0'))
    let fail = 0
    const { url, ids, requests } = await startReceiver((response) => {
      fail += 1
      if (fail % 5 === 0) response.writeHead(503).end()
      else if (fail % 7 === 0) response.destroy()
      else setTimeout(() => response.end('{}'), 2)
    })
    let written = 1
    const writing = setInterval(() => {
      log.append(decision(`n${written}`)).catch(() => {})
      written += 1
    }, 10)
    onTestFinished(() => clearInterval(writing))
    for (let round = 0; round < 4; round += 1) {
      const before = requests.length
      const kill = start([directory, cursor, url, round === 0 ? 'from-start' : ''])
      await expect
        .poll(() => requests.length, { timeout: 40_000 })
        .toBeGreaterThan(before + 3 + round)
      await kill()
    }
    clearInterval(writing)
    start([directory, cursor, url, ''])
    const all = Array.from({ length: written }, (_, n) => `n${n}`)
    await expect.poll(() => new Set(ids).size, { timeout: 40_000 }).toBe(written + 1)
    expect(all.filter((id) => !ids.includes(id))).toEqual([])
    expect(readdirSync(folder).filter((name) => name.endsWith('.refused'))).toEqual([])
  }, 300_000)
})
