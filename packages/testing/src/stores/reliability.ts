import type { Counts } from './case.ts'
import { groups } from './cases/index.ts'
import type { StoreHarness } from './harness.ts'
import { missingOf } from './needs.ts'
import { openStage } from './stage.ts'

/** What became of one case. `skipped` says what was missing, as `not network`. */
export type Reliability = {
  group: string
  fault: string
  title: string
  counts: Counts
  /** What must not be, in sentences; none where all is well. */
  wrong: string[]
  skipped?: string
  ms: number
}

/** How much `runReliability` runs. Default: every fault, with the figures of the tests. */
export type ReliabilityOptions = {
  /** The figures of the full run instead of those of the tests. */
  full?: boolean
  /** Only these faults. */
  only?: readonly string[]
  /** Told of each case as it ends. */
  onDone?: (one: Reliability) => void
}

/** The name of every fault there is. */
export const storeFaults: readonly string[] = Object.values(groups).flatMap((cases) =>
  cases.map(({ fault }) => fault),
)

/** Plays every case over one store and answers what it counted. A case that fails does not end the others. */
export async function runReliability(
  harness: StoreHarness,
  module: string,
  { full = false, only, onDone }: ReliabilityOptions = {},
): Promise<Reliability[]> {
  const stage = await openStage(harness, module, full)
  const all: Reliability[] = []
  try {
    for (const [group, cases] of Object.entries(groups)) {
      for (const candidate of cases) {
        const { fault, title, play } = candidate
        if (only?.includes(fault) === false) continue
        const skipped = missingOf(harness, candidate)
        const started = performance.now()
        let counts: Counts = {}
        const wrong: string[] = []
        try {
          if (skipped === undefined) counts = await play(stage)
        } catch (error) {
          wrong.push(String(error))
        }
        wrong.push(...stage.takeWrongs())
        const ms = Math.round(performance.now() - started)
        const one = { group, fault, title, counts, wrong, ms, ...(skipped && { skipped }) }
        all.push(one)
        onDone?.(one)
      }
    }
  } finally {
    await stage.close()
  }
  return all
}
