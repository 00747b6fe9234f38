import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { verifyLog } from '@lelu/audit/reading'
import { type Figure, round } from './measure.ts'
import { writeRecords } from './verify.ts'

type Exported = {
  records: number
  sampled: number
  unsigned: number
  seconds: number
  megabytes: number
}

/** Seconds from the log's folder to a whole pack of evidence, and the memory that it took. */
export async function evidenceFigures(quick: boolean): Promise<Figure[]> {
  const count = quick ? 5000 : 1_000_000
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  try {
    const [directory, out] = [join(folder, 'audit'), join(folder, 'pack')]
    await writeRecords(directory, count)
    const child = fileURLToPath(new URL('./evidence-child.ts', import.meta.url))
    const argv = ['--conditions=lelu:source', child, directory, out]
    const { stdout } = await promisify(execFile)(process.execPath, argv)
    const { records, sampled, unsigned, seconds, megabytes } = JSON.parse(stdout) as Exported
    const trust = readFileSync(join(out, 'policy.txt'), 'utf8')
    const started = performance.now()
    const { ok } = await verifyLog({ directory: out, trust })
    const verifying = (performance.now() - started) / 1000
    if (!ok || records < count || sampled !== 25 || unsigned > 0) {
      throw new Error('the pack is not whole, or does not verify')
    }
    return [
      {
        name: `export the evidence of ${count} records`,
        unit: 's',
        value: round(seconds),
        ...{ p50: null, p99: null, bar: '<= 60' },
        peers: {
          'memory of the process at most, MB': round(megabytes),
          'verify the pack, s': round(verifying),
        },
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
