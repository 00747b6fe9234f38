import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AuditEvent,
  type AuditLog,
  type AuditLogOptions,
  type AuditSink,
  directorySink,
  openAuditLog,
} from '@lelu/audit'
import { s3Sink } from '@lelu/audit/s3'
import { createLockedBucket, hasS3, s3ConfigOf, startS3 } from '@lelu/testing'
import { type Figure, percentile, round, timeAsync } from './measure.ts'
import { disturbance, middleOfThree, undisturbed } from './steal.ts'

// Made beforehand: V8 keeps the texts of the numbers last written in a table, which each garbage collection would copy.
const calls = Array.from({ length: 1000 }, (_, n) => `call-${n}`)

/** A decision whose stored line has about 1 KB. */
export function decision(n: number): AuditEvent {
  return {
    kind: 'decision',
    agent: { id: 'trader-1', type: 'agent' },
    acting_for: { id: 'user-7', type: 'user' },
    tool: { name: 'trade', server: null, effect: 'non_idempotent' },
    run: 'run-1',
    call: calls[n % calls.length] as string,
    input_digest: 'sha-256:uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek',
    input: { symbol: 'ACME', amount: { $c: 'uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=' } },
    decision: 'allow',
    confidence: 0.97,
    reasons: [{ id: 'confident', message: 'The model is sure enough of this trade.' }],
    policy: { revision: 'sha-256:uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek' },
    refs: {},
    latency_us: 57,
    note: 'x'.repeat(180),
  }
}

export async function withLog<T>(
  more: Partial<AuditLogOptions>,
  use: (log: AuditLog, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const log = await openAuditLog({ directory: join(folder, 'audit'), ...more })
  try {
    return await use(log, folder)
  } finally {
    await log.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The floor of this machine: one write and one fdatasync a record, with nothing around it. */
async function bareSync(total: number) {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const file = await open(join(folder, 'bare'), 'a')
  const line = Buffer.alloc(1024, 'x')
  const run = async () => {
    await file.write(line)
    await file.datasync()
  }
  const timed = await timeAsync(run, { total, callers: 1 })
  await file.close()
  rmSync(folder, { recursive: true, force: true })
  return timed
}

async function appends(quick: boolean): Promise<Figure[]> {
  const run = (durability: 'fsync' | 'async', callers: number, total: number) =>
    undisturbed(() =>
      withLog({ durability }, (log) =>
        timeAsync((n) => log.append(decision(n)), { total, callers }),
      ),
    )
  // A service that records has long compiled its code, and its heap has grown: the first figure would pay for both.
  await run('fsync', 64, quick ? 100 : 300_000)
  const bare = await bareSync(quick ? 100 : 3000)
  const one = await middleOfThree(() => run('fsync', 1, quick ? 100 : 5000))
  const many = await middleOfThree(() => run('fsync', 64, quick ? 2000 : 200_000))
  const async = await run('async', 64, quick ? 2000 : 200_000)
  return [
    {
      name: 'append a durable record, 1 caller',
      unit: 'ms',
      value: round(one.value.p50),
      p50: round(one.value.p50),
      p99: round(one.value.p99),
      bar: '<= 0.4, p99 <= 1.5',
      peers: { 'write and fdatasync of 1 KB, nothing else': round(bare.p50), ...disturbance(one) },
    },
    {
      name: 'append durable records, 64 callers',
      unit: '1/s',
      value: Math.round(many.value.perSecond),
      p50: round(many.value.p50),
      p99: round(many.value.p99),
      bar: '>= 30000, p99 <= 5 ms',
      peers: {
        'without fdatasync (durability: async)': Math.round(async.value.perSecond),
        'write and fdatasync a record, 1 caller': Math.round(bare.perSecond),
        ...disturbance(many),
      },
    },
  ]
}

/** Milliseconds from a record's append to the moment `there` says that it is covered. */
async function delays(
  log: AuditLog,
  times: number,
  there: (seq: number) => Promise<boolean>,
): Promise<number[]> {
  const each: number[] = []
  for (let n = 0; n < times; n += 1) {
    const started = performance.now()
    const { seq } = await log.append(decision(n))
    while (!(await there(seq))) await sleep(5)
    each.push(performance.now() - started)
    await sleep((n * 137) % 400) // not in step with the log's own timers
  }
  return each.sort((a, b) => a - b)
}

async function coverage(quick: boolean): Promise<Figure[]> {
  const times = quick ? 2 : 20
  return withLog({}, async (log) => {
    const signed = await delays(log, times, async (seq) => (log.sealed?.size ?? 0) > seq)
    return [
      {
        name: 'from a record to the signed checkpoint that covers it',
        unit: 'ms',
        value: round(percentile(signed, 0.5)),
        p50: round(percentile(signed, 0.5)),
        p99: round(percentile(signed, 0.99)),
        bar: '<= 1000',
        peers: {},
      },
    ]
  })
}

/** Until a locked bucket of a real S3 (Ceph's gateway, on this machine) holds a record and a checkpoint of it. */
async function toS3(quick: boolean): Promise<Figure[]> {
  if (!hasS3()) {
    console.error('Ceph is not here (node test/native/s3.ts fetches it): its figure is left out.')
    return []
  }
  const server = await startS3()
  try {
    await createLockedBucket(server, 'lelu-bench')
    const lock = { mode: 'COMPLIANCE', days: 1 } as const
    const sink = s3Sink({ bucket: 'lelu-bench', lock, ...s3ConfigOf(server) })
    const held = await withLog({ sink }, (log) =>
      delays(log, quick ? 1 : 20, async () => (log.archive?.bytes ?? 1) === 0),
    )
    await sink.close()
    return [
      {
        name: 'from a record to a locked bucket that holds it',
        unit: 'ms',
        value: round(percentile(held, 0.5)),
        p50: round(percentile(held, 0.5)),
        p99: round(percentile(held, 0.99)),
        bar: 'p99 <= 5000',
        peers: {},
      },
    ]
  } finally {
    await server.stop()
  }
}

/** A sink in a folder that can be told to hang. */
export function heldSink(folder: string): AuditSink & { hold: (held: boolean) => void } {
  const sink = directorySink({ directory: join(folder, 'archive') })
  let held: PromiseWithResolvers<void> | undefined
  return {
    ...sink,
    hold(hang) {
      if (hang) held ??= Promise.withResolvers<void>()
      else {
        held?.resolve()
        held = undefined
      }
    },
    async put(...args) {
      await held?.promise
      return sink.put(...args)
    },
  }
}

/** What decisions take while the archive answers nothing, in turns with one that does. */
async function blackHole(quick: boolean): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const sink = heldSink(folder)
  const p99: Record<'well' | 'hole', number[]> = { well: [], hole: [] }
  await withLog({ sink }, async (log) => {
    for (let turn = 0; turn < (quick ? 2 : 10); turn += 1) {
      for (const state of ['well', 'hole'] as const) {
        sink.hold(state === 'hole')
        const total = quick ? 500 : 20_000
        const timed = await timeAsync((n) => log.append(decision(n)), { total, callers: 16 })
        p99[state].push(timed.p99)
      }
    }
    sink.hold(false)
    await log.ship()
  })
  rmSync(folder, { recursive: true, force: true })
  const median = (values: number[]) =>
    percentile(
      values.sort((a, b) => a - b),
      0.5,
    )
  const [hole, well] = [median(p99.hole), median(p99.well)]
  return [
    {
      name: 'p99 of appends, 16 callers, archive hangs / answers',
      unit: 'ratio',
      value: round(hole / well),
      p50: null,
      p99: null,
      bar: '<= 1.1',
      peers: { 'p99 while it answers, ms': round(well), 'p99 while it hangs, ms': round(hole) },
    },
  ]
}

/** Ten minutes at 1,000 records a second that the archive could not take, and how long it takes them afterwards. */
async function drain(quick: boolean): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const sink = heldSink(folder)
  const total = quick ? 2000 : 600_000
  const seconds = await withLog({ sink }, async (log) => {
    sink.hold(true)
    await timeAsync((n) => log.append(decision(n)), { total, callers: 64 })
    await log.seal()
    const started = performance.now()
    sink.hold(false)
    while (!(await log.ship()) || (log.archive?.bytes ?? 0) > 0) await sleep(10)
    return (performance.now() - started) / 1000
  })
  rmSync(folder, { recursive: true, force: true })
  return [
    {
      name: `${total} records that waited reach an archive folder`,
      unit: 's',
      value: round(seconds),
      p50: null,
      p99: null,
      bar: '<= 60',
      peers: {},
    },
  ]
}

export async function auditFigures(quick: boolean): Promise<Figure[]> {
  return [
    ...(await appends(quick)),
    ...(await coverage(quick)),
    ...(await toS3(quick)),
    ...(await blackHole(quick)),
    ...(await drain(quick)),
  ]
}
