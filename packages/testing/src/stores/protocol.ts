import type { Approval, ApprovalState, Json, KeyRingData, ToolEffect } from '@lelu/engine'

/** Where a worker can be made to halt: around its writes and around what the tool does. */
export type HaltPoint =
  | 'after-suspension'
  | 'after-approval'
  | 'before-claim'
  | 'after-claim'
  | 'before-effect'
  | 'after-effect'
  | 'after-record'

export type Halt = { at: HaltPoint; signal: 'SIGKILL' | 'SIGSTOP' }

/** A call of the scripted agent. What the policy decides is in its input. */
export type StoreCall = {
  run: string
  call?: string
  tenant?: string
  effect?: ToolEffect
  amount?: number
  quorum?: number
  expiresInMs?: number
}

/** What a worker is told to do. All of it is plain data: it goes to another process as a line of JSON. */
export type Order = (
  | ({ verb: 'suspend' } & StoreCall)
  | {
      verb: 'review'
      approval: string
      reviewer: string
      verdict: 'approve' | 'deny'
      amount?: number
    }
  /** What a person found out about a call of which nobody knew. */
  | { verb: 'reconcile'; approval: string; reviewer: string; as: 'completed' | 'retry' }
  | { verb: 'cancel' | 'revoke' | 'get' | 'resume' | 'mint'; approval: string }
  | { verb: 'find'; run: string; call?: string; tenant?: string }
  | { verb: 'introspect'; token: string }
  | { verb: 'list'; tenant: string; state?: ApprovalState; limit: number; after?: string }
  /** Swaps one revision of a row for others, many at once, with the driver itself; `make` makes the row first. */
  | { verb: 'make' | 'swap'; row: string; rev: number; count: number; by: string }
  /** Suspends many calls, so many at a time. */
  | { verb: 'fill'; tenant: string; run: string; count: number; atOnce: number }
) & {
  /** Epoch ms of this host: workers that are told the same moment go together. */
  at?: number
  halt?: Halt
  /** While this order is carried out, the store answers everything but what was revoked. */
  hidesRevocations?: true
}

/** How an order ended. */
export type Reply = {
  /** Of the error, where there was one; `KILLED` when the process died before it answered. */
  code?: string
  message?: string
  status?: 'executed' | 'replayed' | 'suspended' | 'denied'
  approval?: Approval
  token?: string
  active?: boolean
  page?: { ids: string[]; next: string | null; altered: string[] }
  /** The writes of a `swap` that the driver called done, and the one that is stored. */
  swapped?: { done: string[]; stored: string }
  /** Approvals that were made, by a `fill`. */
  made?: string[]
  /** Milliseconds it took. */
  ms: number
  /** How many outcomes this worker could not record so far. */
  unrecorded: number
}

/** What a worker is given when it starts, as its only argument. */
export type WorkerSetup = {
  module: string
  harness: string
  place: Json
  /** For the audit log of this worker. */
  directory: string
  /** Where the tool leaves its effects. */
  ledger: string
  keys: KeyRingData
  strict: boolean
  aheadMs: number
  leaseMs: number
  deadlineMs: number
}

/** What a worker writes: that it is ready, that it halts now, or a reply. */
export type WorkerLine = { note: 'ready' | 'halted' } | { n: number; reply: Reply }
