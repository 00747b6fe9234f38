// `pnpm audit-outage [--minutes N]`: a locked bucket of a real S3 (Ceph's gateway) that is out for so long, in real time,
// while records come at 1,000 a second. Prints a row of docs/audit-failures.md. Ends with 1 when anything was wrong.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type AuditLog, openAuditLog } from '@lelu/audit'
import { createLockedBucket, seededRandom, startProxy } from '@lelu/testing'
import { decision } from '../bench/audit.ts'
import { machine, percentile } from '../bench/measure.ts'
import { openS3, whyNoS3 } from '../src/sinks/rgw.ts'
import { newPrefix, sinkAt } from '../src/sinks/stores.ts'
import { wrongInBucket } from './outage-judge.ts'

const perSecond = 1000

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const seconds = Number(values.minutes) * 60
if (!(seconds > 0)) throw new Error('Usage: audit-outage [--minutes N]')
const missing = whyNoS3()
if (missing !== undefined) throw new Error(`There is no S3 here: ${missing}.`)

type Load = { acknowledged: string[]; refused: number; times: number[] }

/** Records at a steady rate, for so many seconds, however long each takes. */
async function load(log: AuditLog, name: string, seconds: number): Promise<Load> {
  const done: Load = { acknowledged: [], refused: 0, times: [] }
  const pending = new Set<Promise<void>>()
  const began = performance.now()
  async function one(n: number): Promise<void> {
    const asked = performance.now()
    try {
      await log.append({ ...decision(n), id: `${name}${n}` })
      done.acknowledged.push(`${name}${n}`)
      done.times.push(performance.now() - asked)
    } catch {
      done.refused += 1
    }
  }
  for (let asked = 0; asked < seconds * perSecond; ) {
    const due = Math.min(seconds, (performance.now() - began) / 1000) * perSecond
    for (; asked < due; asked += 1) {
      const running = one(asked).finally(() => pending.delete(running))
      pending.add(running)
    }
    await sleep(5)
  }
  await Promise.all(pending)
  return done
}

const folder = mkdtempSync(join(tmpdir(), 'lelu-outage-'))
const server = await openS3()
await createLockedBucket(server, 'lelu-outage')
const prefix = newPrefix()
const proxy = await startProxy(server.port, seededRandom(1))
const sink = sinkAt(server, 'lelu-outage', prefix, { port: proxy.port })
const log = await openAuditLog({ directory: join(folder, 'log'), sink })
const before = await load(log, 'before', Math.min(20, seconds))
while (!(await log.ship()));

await proxy.become('closed')
const out = await load(log, 'out', seconds)
const waited = log.archive?.bytes ?? 0
const { failure } = log.archive ?? {}
console.error(`${out.acknowledged.length} records written; ${failure?.code} is what the log says`)

await proxy.become('forward')
const back = performance.now()
// By itself: nobody tells the log that the store is back.
while ((log.archive?.bytes ?? 1) > 0 || log.archive?.failure !== undefined) await sleep(20)
const drained = (performance.now() - back) / 1000
await log.close()

const acknowledged = [...before.acknowledged, ...out.acknowledged]
const direct = sinkAt(server, 'lelu-outage', prefix)
const { wrong, objects } = await wrongInBucket({ directory: log.directory, direct, acknowledged })
if (failure === undefined) wrong.push('the log did not notice that the bucket was away')
const refused = before.refused + out.refused
if (refused > 0) wrong.push(`${refused} records were refused`)
await Promise.all([sink.close(), direct.close()])
await proxy.stop()
await server.stop()
rmSync(folder, { recursive: true, force: true })

const at = (times: number[], share: number) =>
  percentile(
    times.toSorted((a, b) => a - b),
    share,
  ).toFixed(2)
const figure = ({ times }: Load) => `p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`
const counted = [
  `${seconds / 60} min, ${out.acknowledged.length} records, ${refused} refused, ${Math.round(waited / 1024 ** 2)} MiB waited`,
  `drained in ${drained.toFixed(1)} s into ${objects} locked objects; ${wrong.length === 0 ? '0 lost' : `${wrong.length} WRONG`}`,
  `appends ${figure(out)} (before: ${figure(before)})`,
]
console.log(`${machine()}\n`)
console.log('| failure | behaviour | counted |\n| --- | --- | --- |')
console.log(
  `| S3 out at ${perSecond} records/s | decisions go on, the backlog is brought in order when it is back | ${counted.join('; ')} |`,
)
for (const what of wrong) console.error(`WRONG: ${what}`)
process.exit(wrong.length > 0 ? 1 : 0)
