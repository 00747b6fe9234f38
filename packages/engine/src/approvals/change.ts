import type { AuditEvent } from '@lelu/audit'
import type { SwapWindow } from '../store/store.ts'
import type { ApprovalRecord } from './record.ts'

/** What a transition changes, and the audit events that belong to it. */
export type Change = {
  next: Partial<ApprovalRecord> & { state: ApprovalRecord['state'] }
  events: AuditEvent[]
  /** When it may happen. */
  window?: SwapWindow
}

/** One transition by compare-and-swap; undefined when another process was faster. */
export type Commit = (
  current: ApprovalRecord,
  change: Change,
) => Promise<ApprovalRecord | undefined>

/** A transition whose row is made and sealed: it answers as `Commit` does, and may be left out. */
export type Prepared = () => Promise<ApprovalRecord | undefined>
