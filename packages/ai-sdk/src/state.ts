import type { AnnouncedCalls } from './announced.ts'
import type { KeptSignals } from './kept-signals.ts'
import type { AiGuardOptions } from './options.ts'
import type { EditNotes } from './tool-output.ts'

/** What the parts of one guard share. */
export type GuardState = {
  options: AiGuardOptions
  announced: AnnouncedCalls
  signals: KeptSignals
  notes: EditNotes
  /** The `execute` functions that this guard made. */
  guarded: WeakSet<object>
}
