import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

type Jiffies = { all: number; stolen: number }

/** Of all processors: the eighth number is what the hypervisor gave to others (proc(5), "steal"). Zeros elsewhere. */
function jiffies(): Jiffies {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
    const times = line.trim().split(/\s+/).slice(1, 9).map(Number)
    return { all: times.reduce((sum, time) => sum + time, 0), stolen: times[7] ?? 0 }
  } catch {
    return { all: 0, stolen: 0 }
  }
}

/** Begins to measure. Answers the share of the processors, 0 to 1, that other machines had since. */
export function stealing(): () => number {
  const before = jiffies()
  return () => {
    const { all, stolen } = jiffies()
    return all === before.all ? 0 : (stolen - before.stolen) / (all - before.all)
  }
}

/** Above this a figure is not one of this machine. */
const most = 0.02
const tries = 5

export type Undisturbed<T> = { value: T; stolen: number; thrownAway: number }

/**
 * Runs it again while other machines take more than 2 % of the processors: by that alone, whatever the figure is. After
 * five tries the least disturbed one counts.
 */
export async function undisturbed<T>(run: () => Promise<T>): Promise<Undisturbed<T>> {
  let best: { value: T; stolen: number } | undefined
  for (let thrownAway = 0; ; thrownAway += 1) {
    const stolenSince = stealing()
    const value = await run()
    const stolen = stolenSince()
    if (best === undefined || stolen < best.stolen) best = { value, stolen }
    if (stolen <= most || thrownAway === tries - 1) return { ...best, thrownAway }
    await sleep(1000)
  }
}

/** The one of three such runs whose slow end is in the middle. */
export async function middleOfThree<T extends { p99: number }>(
  run: () => Promise<Undisturbed<T>>,
): Promise<Undisturbed<T>> {
  const runs = [await run(), await run(), await run()]
  runs.sort((a, b) => a.value.p99 - b.value.p99)
  return runs[1] as Undisturbed<T>
}

/** What is shown beside such a figure. */
export function disturbance({ stolen, thrownAway }: Undisturbed<unknown>): Record<string, number> {
  return {
    'taken by other machines meanwhile, %': Number((stolen * 100).toFixed(1)),
    ...(thrownAway > 0 && { 'runs thrown away because of that': thrownAway }),
  }
}
