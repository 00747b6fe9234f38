import type { Answer } from '../answer.ts'
import type { ApprovalState } from '../approvals/state.ts'

/**
 * Standing grants, and notices that could not be delivered (`closed` when somebody has dealt with them), are stored
 * beside the approvals, as rows of states of their own.
 */
export type StoredState = ApprovalState | 'standing' | 'undelivered' | 'closed'

/**
 * One approval as a driver sees it. Drivers compare and move rows; only `body` has a meaning, and it is
 * sealed: a driver, or whoever edits the database, cannot change a row without being found.
 */
export type StoredRow = {
  id: string
  tenant: string
  state: StoredState
  /** Grows by one with every transition; the compare-and-swap compares it. */
  rev: number
  /** Names the call (run and call id) so that asking twice finds the same approval; null without a run. */
  idem: string | null
  /** Epoch milliseconds. */
  createdAt: number
  /** Who wrote this revision: read back when a reply is lost. */
  attempt: string
  /** Events up to this number are known to be in the audit log. A hint outside the seal: too low only repeats one. */
  audited: number
  /** Epoch ms when somebody should look at it again (a deadline, a notice), or null. A hint outside the seal: too low only looks sooner. */
  due: number | null
  /** The record as JSON text. */
  body: string
  /** HMAC over all of the above but the two hints. */
  seal: string
}

/** Rows by state and tenant, in the order of their ids. */
export type ListQuery = {
  tenant?: string
  state?: StoredState
  limit: number
  /** Only rows with an id greater than this. */
  after?: string
}

/** When a swap may happen, epoch ms by the clock of the database: no worker's own clock approves after the deadline. */
export type SwapWindow = { before?: number; notBefore?: number }

/** The id of a row, and how many of its events are in the log. */
export type AuditedMark = { id: string; audited: number }

/** Epoch ms by scope. */
export type Marks = Record<string, number>

/** The row of a call, if there is one, and the marks that were asked for with it. */
export type FoundCall = { row: StoredRow | undefined; marks: Marks }

/** `conflict`: another revision is stored, or no row. `late` and `early`: outside its window. Only `done` has written. */
export type Swapped = 'done' | 'conflict' | 'late' | 'early'

/**
 * What an atomic driver must do. Every method is one atomic operation of the database itself;
 * a driver that cannot promise that must not exist (`LELU_STORE_NOT_ATOMIC`).
 */
export interface ApprovalStore {
  readonly name: string
  /** The driver has connections of its own beside those of the user's Keyv, and the engine closes them. */
  readonly ownsConnections?: boolean
  /** Checks what would be unsafe, and makes or migrates tables, once under a lock. Again after a failure. */
  open(): Promise<void>
  /** The clock of the database, epoch ms. Left out where all that share the store have one clock, that of their host. */
  clock?(): Promise<number>
  /** Inserts, unless the id or the (tenant, idem) is taken: then answers the row that is there. */
  create(row: StoredRow): Promise<{ created: boolean; row: StoredRow }>
  get(id: string): Answer<StoredRow | undefined>
  /** The row of a call, and the marks of these scopes with it: every call asks for both, in one question. */
  findByCall(tenant: string, idem: string, scopes?: readonly string[]): Answer<FoundCall>
  /** Compare-and-swap: writes `next` only while the stored revision is `rev`. Without `clock`, the window is not looked at. */
  swap(rev: number, next: StoredRow, window?: SwapWindow): Promise<Swapped>
  /** In order of id, which is the order of creation. Fewer than `limit` only where there are no more. */
  list(query: ListQuery): Promise<StoredRow[]>
  /** Rows that are due at `now` (epoch ms) or before, the longest due first. */
  due(now: number, limit: number): Promise<StoredRow[]>
  /** Notes that events up to `audited` are in the log. Never moves back. Best effort: need not be durable. */
  markAudited(marks: readonly AuditedMark[]): Promise<void>
  /** Nothing approved or minted under `scope` before `notBefore` (epoch ms) is good any more. Never moves back. */
  setWatermark(scope: string, notBefore: number): Promise<void>
  /** Scopes without a mark are left out. */
  watermarks(scopes: readonly string[]): Answer<Marks>
  close(): Promise<void>
}
