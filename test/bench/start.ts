import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Figure, percentile, round } from './measure.ts'
import { rego } from './rules.ts'

// From the built packages, as users run it: no type stripping in the time.
const script = `
import { createLelu } from '@lelu/engine'
const [directory, source] = process.argv.slice(1)
const lelu = await createLelu({ directory, policies: { modules: [{ path: 'bench.rego', source }] } })
await lelu.decide({
  subject: { id: 'trader-1', type: 'agent' },
  call: { id: 'call-1', tool: 'trade', input: { symbol: 'ACME', amount: 1 } },
  confidence: { method: 'external', trust: 'adapter', value: 0.97, score: null },
})
process.stdout.write(String(performance.now()))
process.exit(0)
`
const cwd = fileURLToPath(new URL('.', import.meta.url))

/** `performance.now()` counts from the start of the process, so Node's own start is in it. */
function run(code: string, ...args: string[]): number {
  const words = ['--input-type=module', '-e', code, ...args]
  return Number(execFileSync(process.execPath, words, { cwd, encoding: 'utf8' }))
}

const once = (directory: string): number => run(script, directory, rego)

function figure(name: string, bar: string, runs: number[], empty: number): Figure {
  const sorted = runs.toSorted((a, b) => a - b)
  const [p50, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.99)]
  return {
    name,
    unit: 'ms',
    value: round(p50),
    p50: round(p50),
    p99: round(p99),
    bar,
    peers: { 'Node alone': round(empty) },
  }
}

/** From the start of a new process to its first decision on disk; Node's own start is in it. */
export function startFigures(quick: boolean): Figure[] {
  const root = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  try {
    const runs = quick ? 1 : 9
    const cold = Array.from({ length: runs }, (_, n) => once(join(root, `cold-${n}`)))
    const warm = Array.from({ length: runs * 2 }, () => once(join(root, 'cold-0')))
    const idle = Array.from({ length: runs }, () =>
      run('process.stdout.write(String(performance.now()))'),
    )
    const empty = percentile(
      idle.toSorted((a, b) => a - b),
      0.5,
    )
    return [
      figure('first decision in a new process, policies cached', '<= 120', warm, empty),
      figure('first decision in a new process, policies compiled', '<= 900', cold, empty),
    ]
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
