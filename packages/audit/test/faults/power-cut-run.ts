import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { thisProcess } from '../../src/folder/owner.ts'
import { type AuditSink, directorySink } from '../../src/index.ts'
import { openWith } from '../../src/write/log.ts'
import { fakeCheck } from '../fake-sink.ts'
import { faultyFiles } from '../faults.ts'
import { decision } from '../support-event.ts'
import { wrongIn } from './judge.ts'
import { cutDisk } from './power-cut.ts'
import { between, seeded } from './seeded.ts'

export type CutRun = { cuts: number; acknowledged: number; records: number; wrong: string[] }

/**
 * Up to three processes one after the other lose their power at a random moment, the last one does not. What the seed
 * decides: the moments, the sizes, what is left of the unsynced. `folder` must not exist, and is removed.
 */
export async function runPowerCut(seed: number, folder: string): Promise<CutRun> {
  const random = seeded(seed)
  mkdirSync(folder, { recursive: true })
  const keys = join(folder, 'keys')
  const archive = random() < 0.7 ? join(folder, 'archive') : undefined
  const segmentBytes = between(random, 300, 6000)
  const acknowledged: string[] = []
  const cuts = between(random, 1, 3)
  const common = { keys, deadlineMs: 60_000 }
  const limits = { segmentBytes, sealMs: 1, shipMs: 2, endedMs: 5, peersMs: 3, heartbeatMs: 9 }
  const quick = { ...limits, retryMs: 5, reserveMs: 600_000, closeMs: 60_000 }
  let directory = join(folder, '0')

  for (let cut = 0; cut < cuts; cut += 1) {
    const disk = cutDisk(between(random, 1, random() < 0.3 ? 25 : 160))
    const sink = archive && stepped(directorySink({ directory: archive }), disk.step)
    const log = openWith(
      disk.files,
      { ...common, directory, ...(sink && { sink }) },
      quick,
      fakeCheck,
    )
    let next = 0
    const caller = async () => {
      for (;;) {
        const id = `${seed}-${cut}-${next}`
        next += 1
        const early = next % 5 === 4
        const reason = 'x'.repeat((next * 37) % 400)
        await log.append(decision(id, { reason }), early ? { until: 'written' } : {})
        if (!early) acknowledged.push(id)
      }
    }
    const callers = between(random, 1, 4)
    for (let n = 0; n < callers; n += 1) caller().catch(() => {})
    await disk.gone
    // What the disk was doing at that moment comes to its end.
    await new Promise((resolve) => setTimeout(resolve, 4))
    const left = join(folder, String(cut + 1))
    disk.cut(directory, left, random)
    directory = left
    burying(directory)
    await disk.close()
    void log.close() // ends its timers; nothing it does reaches a disk any more
  }

  const sink = archive === undefined ? {} : { sink: directorySink({ directory: archive }) }
  const log = openWith(faultyFiles({}), { ...common, directory, ...sink }, quick, fakeCheck)
  await log.append(decision(`${seed}-last`))
  acknowledged.push(`${seed}-last`)
  await log.close()
  const { wrong, records } = await wrongIn({ directory, keys, archive, acknowledged })
  rmSync(folder, { recursive: true, force: true })
  return { cuts, acknowledged: acknowledged.length, records, wrong }
}

/** The archive, as the process sees it whose power is cut: it holds what came through. */
function stepped(sink: AuditSink, step: () => Promise<void>): AuditSink {
  return {
    ...sink,
    async put(key, bytes, type) {
      await step()
      const result = await sink.put(key, bytes, type)
      await step()
      return result
    },
    async get(key) {
      await step()
      return sink.get(key)
    },
  }
}

/** No process of before is alive, although this one played all of them. */
function burying(directory: string): void {
  const dead = { ...thisProcess(), pid: 2 ** 22 - 3, started: '1' }
  for (const folder of ['owners', 'shipping']) {
    const path = join(directory, folder)
    let names: string[] = []
    try {
      names = readdirSync(path).filter((name) => name.endsWith('.json'))
    } catch {}
    for (const name of names) {
      const text = readFileSync(join(path, name), 'utf8')
      if (text.startsWith('{')) writeFileSync(join(path, name), JSON.stringify(dead))
    }
  }
}
