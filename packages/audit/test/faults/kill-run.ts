import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { directorySink, openAuditLog } from '../../src/index.ts'
import { openWith } from '../../src/write/log.ts'
import { decision } from '../support-event.ts'
import { wrongIn } from './judge.ts'
import { between, seeded } from './seeded.ts'

export type KillRun = { kills: number; acknowledged: number; records: number; wrong: string[] }

const writer = fileURLToPath(new URL('./kill-writer.ts', import.meta.url))

/**
 * Rounds of writers on one log with one archive: all but the last process are killed with SIGKILL, three at a time, each
 * at a moment of its own. The last one begins behind them and closes. `folder` must not exist, and is removed.
 */
export async function runKills(seed: number, kills: number, folder: string): Promise<KillRun> {
  const random = seeded(seed)
  mkdirSync(folder, { recursive: true })
  const [directory, archive, keys] = ['log', 'archive', 'keys'].map((name) => join(folder, name))
  const place = { directory: directory as string, keys: keys as string }
  const acknowledged: string[] = []
  const first = await openAuditLog(place) // makes the keys
  await first.append(decision('first'))
  await first.close()
  let left = kills
  while (left > 0) {
    const writers = Array.from({ length: Math.min(3, left) }, async () => {
      const args = [directory, archive, keys, between(random, 1, 20), between(random, 500, 20_000)]
      const moment = between(random, 1, 400)
      const child = spawn(
        process.execPath,
        ['--conditions=lelu:source', writer, ...args.map(String)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let text = ''
      // So many characters are a moment that a slow machine reaches as well.
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.length > moment * 10) child.kill('SIGKILL')
      })
      await once(child, 'close')
      acknowledged.push(...text.split('\n').slice(0, -1))
    })
    left -= writers.length
    await Promise.all(writers)
  }
  const sink = directorySink({ directory: archive as string })
  const options = { ...place, sink, deadlineMs: 300_000 }
  const log = openWith(diskFiles, options, { closeMs: 300_000 }, await sink.check())
  await log.append(decision('last'))
  await log.close()
  const { wrong, records } = await wrongIn({
    ...place,
    archive,
    acknowledged: [...acknowledged, 'first', 'last'],
  })
  rmSync(folder, { recursive: true, force: true })
  return { kills, acknowledged: acknowledged.length, records, wrong }
}
