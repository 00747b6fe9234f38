import { cpus, totalmem } from 'node:os'

/** One figure: medians, with the slow end beside it, and the same of others measured in the same run. */
export type Figure = {
  name: string
  unit: string
  /** The median, or the rate. */
  value: number
  p50: number | null
  p99: number | null
  /** What the issue or the README promises, as text. */
  bar: string
  peers: Record<string, number>
}

export const round = (value: number, digits = 3): number => Number(value.toPrecision(digits))

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Microseconds of single calls of a synchronous function, in batches so that the clock does not count. */
export function timeSync(
  run: (n: number) => unknown,
  { rounds = 400, batch = 100 } = {},
): { p50: number; p99: number } {
  for (let n = 0; n < rounds * 20; n += 1) run(n)
  const each: number[] = []
  for (let r = 0; r < rounds; r += 1) {
    const started = performance.now()
    for (let n = 0; n < batch; n += 1) run(r * batch + n)
    each.push(((performance.now() - started) * 1000) / batch)
  }
  each.sort((a, b) => a - b)
  return { p50: percentile(each, 0.5), p99: percentile(each, 0.99) }
}

/** Milliseconds of single calls by `callers` at once, and calls a second. The first tenth is warm-up. */
export async function timeAsync(
  run: (n: number) => Promise<unknown>,
  { total, callers }: { total: number; callers: number },
): Promise<{ p50: number; p99: number; perSecond: number }> {
  let next = 0
  const warm = Math.floor(total / 10)
  const each: number[] = []
  let startedAt = performance.now()
  async function caller(): Promise<void> {
    for (let n = next++; n < total; n = next++) {
      if (n === warm) startedAt = performance.now()
      const started = performance.now()
      await run(n)
      if (n >= warm) each.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  const perSecond = (each.length * 1000) / (performance.now() - startedAt)
  each.sort((a, b) => a - b)
  return { p50: percentile(each, 0.5), p99: percentile(each, 0.99), perSecond }
}

export function machine(): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  return `${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${memory} GiB, ${process.platform} ${process.arch}, Node ${process.version}`
}
