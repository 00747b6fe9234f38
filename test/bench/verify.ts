import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog, verifyLog } from '@lelu/audit'
import { decision } from './audit.ts'
import { type Figure, round } from './measure.ts'

/** A log of so many records of about 1 KB in one stream, written and signed by the log itself. */
async function writeRecords(directory: string, count: number): Promise<void> {
  const log = await openAuditLog({ directory, durability: 'async' })
  for (let n = 0; n < count; ) {
    const batch = Array.from({ length: Math.min(2000, count - n) }, () => log.append(decision(n++)))
    await Promise.all(batch)
  }
  await log.close()
}

/** Records a second of one core, and the memory that it took. */
export async function verifyFigures(quick: boolean): Promise<Figure[]> {
  const count = quick ? 5000 : 1_000_000
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  try {
    const directory = join(folder, 'audit')
    await writeRecords(directory, count)
    const started = performance.now()
    const used = process.cpuUsage()
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss())
    }, 50)
    const report = await verifyLog({ directory })
    clearInterval(watch)
    if (!report.ok) throw new Error(`the log is not intact: ${report.problems[0]?.message}`)
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(used)
    return [
      {
        name: `verify a signed log of ${count} records`,
        unit: '1/s',
        value: round(report.records / seconds),
        ...{ p50: null, p99: null, bar: '>= 150,000' },
        peers: {
          'records a second of processor time': round(report.records / ((user + system) / 1e6)),
          'memory of the process at most, MB': round(most / 1e6),
        },
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
