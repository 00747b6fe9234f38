import type { StoreCapabilities } from './harness.ts'
import type { StoreStage } from './stage.ts'

/** What a case counted, by name: rounds, winners, effects and whatever else there is to count. */
export type Counts = Record<string, number>

/** One sentence about a store under a fault, and what proves it. */
export type StoreCase = {
  /** The kind of fault, for tables. */
  fault: string
  title: string
  needs?: readonly (keyof StoreCapabilities)[]
  /** What went wrong is told to the stage, so that the counts are there also when something did. */
  play(stage: StoreStage): Promise<Counts>
}
