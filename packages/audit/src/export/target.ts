import type { ExportedRecord } from './exported.ts'

/**
 * What a receiver made of a batch. `taken`: it has it; with `rejected` so many records of it were not kept, for good.
 * `refused`: it will never take it as it is. `later`: try again, not before `afterMs` when it said so.
 */
export type SendResult =
  | { status: 'taken'; rejected?: number; note?: string }
  | { status: 'refused'; why: string }
  | { status: 'later'; why: string; afterMs?: number }

/** Where records are forwarded to. `send` answers only when the receiver has acknowledged; it never throws. */
export interface ForwardTarget {
  /** For messages and the cursor: without secrets. */
  readonly name: string
  send(records: readonly ExportedRecord[], signal?: AbortSignal): Promise<SendResult>
  close?(): Promise<void>
}
