import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openAuditLog } from '@lelu/audit'
import { decision } from './audit.ts'
import { type Figure, round } from './measure.ts'

/** A log of so many records of about 1 KB in one stream, written and signed by the log itself. */
export async function writeRecords(directory: string, count: number): Promise<void> {
  const log = await openAuditLog({ directory, durability: 'async' })
  for (let n = 0; n < count; ) {
    const batch = Array.from({ length: Math.min(2000, count - n) }, () => log.append(decision(n++)))
    await Promise.all(batch)
  }
  // Whoever closes does not wait for ever until so much is signed.
  await log.seal()
  await log.close()
}

type Measured = { ok: boolean; perSecond: number; perCpuSecond: number; megabytes: number }

async function verifyApart(directory: string): Promise<Measured> {
  const child = fileURLToPath(new URL('./verify-child.ts', import.meta.url))
  const argv = ['--conditions=lelu:source', child, directory]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  return JSON.parse(stdout) as Measured
}

/** Records a second of one core, and the memory that it took. */
export async function verifyFigures(quick: boolean): Promise<Figure[]> {
  const count = quick ? 5000 : 1_000_000
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  try {
    const directory = join(folder, 'audit')
    await writeRecords(directory, count)
    const measured = await verifyApart(directory)
    if (!measured.ok) throw new Error('the log is not intact, or not signed to its end')
    return [
      {
        name: `verify a signed log of ${count} records`,
        unit: '1/s',
        value: round(measured.perSecond),
        ...{ p50: null, p99: null, bar: '>= 150,000' },
        peers: {
          'records a second of processor time': round(measured.perCpuSecond),
          'memory of the process at most, MB (bar < 300)': round(measured.megabytes),
        },
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
