import {
  type AuditLog,
  type AuditReceipt,
  type Erased,
  eraseSubject,
  type Openings,
  type Revealed,
} from '@lelu/audit'
import { callerTenant, type TenantScope } from '../approvals/caller-tenant.ts'
import { readReason } from '../approvals/reason.ts'
import type { Reviewer } from '../approvals/record.ts'
import { readReviewer } from '../approvals/reviewer.ts'
import type { EngineStore } from '../store/engine-store.ts'

/** Who erases, and why: both are on record. */
export type EraseOptions = TenantScope & {
  /** From the host's authentication of the person who erases. */
  by: Reviewer
  /** Why, for the record that is kept for ever: no personal data. */
  reason: string
}

/** The values behind the commitments of decision records, as far as this directory keeps them. */
export interface RecordedInputs {
  /** Shows what the record of a decision has committed to. */
  reveal(record: object): Promise<Revealed>
  /**
   * Makes all values of a subject unreadable, for every process of the directory, and records that. The log stays as it is.
   * Approvals in the store are not touched: they have a life of their own.
   */
  erase(subject: string, options: EraseOptions): Promise<Erased & { audit: AuditReceipt }>
}

type Options = { openings: Openings; audit: AuditLog; store: Pick<EngineStore, 'assertOpen'> }

export function recordedInputs({ openings, audit, store }: Options): RecordedInputs {
  return {
    async reveal(record) {
      store.assertOpen()
      await openings.flush() // what was decided just now is not there before
      return openings.reveal(record)
    },
    async erase(id, options) {
      store.assertOpen()
      const tenant = callerTenant(options) ?? 'default'
      const reviewer = readReviewer(options.by)
      const reason = readReason(options.reason) ?? ''
      return eraseSubject({ openings, audit }, { subject: { id, tenant }, reviewer, reason })
    },
  }
}
