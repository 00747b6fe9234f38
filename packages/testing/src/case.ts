import type { Capabilities } from './harness.ts'
import type { LifeName } from './life.ts'
import type { InProcess, MoveOptions } from './move.ts'
import type { Stage } from './stage.ts'

/** Sets one conversation up. */
export type OpenStage = (options?: MoveOptions, inProcess?: InProcess) => Promise<Stage>

/** One sentence about behaviour, and what proves it. */
export type Case = {
  title: string
  /** What the framework must be able to do. Where it cannot, the case is skipped, with the reason in its name. */
  needs?: readonly (keyof Capabilities)[]
  /** Where it is played. Default: in one process, over both stores. */
  lives?: readonly LifeName[]
  play(open: OpenStage, capabilities: Capabilities): Promise<void>
}

export const oneProcess: readonly LifeName[] = ['memory', 'SQLite']
export const everywhere: readonly LifeName[] = [
  ...oneProcess,
  'SQLite, every step in a process of its own',
]
export const processes: readonly LifeName[] = ['SQLite, every step in a process of its own']
