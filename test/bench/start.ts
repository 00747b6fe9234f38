import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Figure, percentile, round } from './measure.ts'

const script = fileURLToPath(new URL('./first-decision.ts', import.meta.url))

function once(directory: string): number {
  // From the built packages, as users run it: no type stripping in the time.
  return Number(execFileSync(process.execPath, [script, directory], { encoding: 'utf8' }))
}

function figure(name: string, bar: string, runs: number[]): Figure {
  const sorted = runs.toSorted((a, b) => a - b)
  const [p50, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.99)]
  return { name, unit: 'ms', value: round(p50), p50: round(p50), p99: round(p99), bar, peers: {} }
}

/** From the start of a new process to its first decision on disk; Node's own start is in it. */
export function startFigures(quick: boolean): Figure[] {
  const root = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  try {
    const runs = quick ? 1 : 9
    const cold = Array.from({ length: runs }, (_, n) => once(join(root, `cold-${n}`)))
    const warm = Array.from({ length: runs * 2 }, () => once(join(root, 'cold-0')))
    return [
      figure('first decision in a new process, policies cached', '<= 120', warm),
      figure('first decision in a new process, policies compiled', '<= 900', cold),
    ]
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
