import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { type AuditSink, directorySink } from '../../src/index.ts'
import { openWith } from '../../src/write/log.ts'
import { decision } from '../support-event.ts'
import { wrongIn } from './judge.ts'

type Row = { failure: string; behaviour: string; counted: string; wrong: string[] }

const perSecond = 1000

/** An archive that is away for so many seconds while records come at a steady rate, and then is back. */
export async function runOutage(seconds: number, folder: string): Promise<Row> {
  mkdirSync(folder, { recursive: true })
  const place = { directory: join(folder, 'log'), keys: join(folder, 'keys') }
  const archive = join(folder, 'archive')
  let away = false
  const sink = failing(directorySink({ directory: archive }), async () => {
    if (away) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
  })
  const log = openWith(diskFiles, { ...place, sink }, { closeMs: 60_000 }, await sink.check())
  await log.append(decision('before'))
  await log.ship()
  away = true
  const began = performance.now()
  const acknowledged: string[] = []
  let refused = 0
  let asked = 0
  const pending = new Set<Promise<void>>()
  while (asked < seconds * perSecond) {
    const due = Math.min(seconds * perSecond, ((performance.now() - began) / 1000) * perSecond)
    for (; asked < due; asked += 1) {
      const id = `d${asked}`
      const one = log
        .append(decision(id))
        .then(
          () => void acknowledged.push(id),
          () => {
            refused += 1
          },
        )
        .finally(() => pending.delete(one))
      pending.add(one)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(pending)
  const waiting = log.archive?.bytes ?? 0
  away = false
  const back = performance.now()
  while (!(await log.ship()));
  const drained = (performance.now() - back) / 1000
  await log.close()
  const { wrong } = await wrongIn({ ...place, archive, acknowledged })
  if (refused > 0) wrong.push(`${refused} records were refused`)
  rmSync(folder, { recursive: true, force: true })
  return {
    failure: `archive away for ${seconds} s at ${perSecond} records/s`,
    behaviour: 'decisions go on; the backlog is brought in order when it is back',
    counted: `${acknowledged.length} records, ${refused} refused, ${megabytes(waiting)} waited, drained in ${drained.toFixed(1)} s`,
    wrong,
  }
}

/** The time of an append while the archive takes everything and answers nothing, beside one without an archive. */
export async function runBlackHole(count: number, folder: string): Promise<Row> {
  mkdirSync(folder, { recursive: true })
  const hole = failing(
    directorySink({ directory: join(folder, 'archive') }),
    () => new Promise(() => {}),
  )
  const check = await hole.check()
  const measure = async (name: string, sink: AuditSink | undefined): Promise<number[]> => {
    const place = { directory: join(folder, name), keys: join(folder, 'keys') }
    const options = { ...place, ...(sink && { sink }) }
    const log = openWith(diskFiles, options, { closeMs: 50 }, sink && check)
    await log.append(decision('first'))
    const times: number[] = []
    for (let n = 0; n < count / 4; n += 1) {
      const began = performance.now()
      await log.append(decision(`d${n}`))
      times.push(performance.now() - began)
    }
    await log.close()
    return times
  }
  const [without, withHole]: [number[], number[]] = [[], []]
  // In turns, so that whatever else the machine does meets both.
  for (let turn = 0; turn < 4; turn += 1) {
    without.push(...(await measure(`without-${turn}`, undefined)))
    withHole.push(...(await measure(`with-${turn}`, hole)))
  }
  rmSync(folder, { recursive: true, force: true })
  const figure = (times: number[]) => `p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`
  return {
    failure: 'archive is a black hole',
    behaviour: 'decisions are answered as without an archive',
    counted: `${count} appends, one caller: ${figure(withHole)}; without an archive: ${figure(without)}`,
    wrong: [],
  }
}

function failing(sink: AuditSink, before: () => Promise<void>): AuditSink {
  return {
    ...sink,
    put: (key, bytes, type) => before().then(() => sink.put(key, bytes, type)),
    get: (key) => before().then(() => sink.get(key)),
  }
}

function at(times: number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  return (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2)
}

const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
