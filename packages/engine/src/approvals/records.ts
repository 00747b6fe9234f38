import type { AuditEvent, AuditLog } from '@lelu/audit'
import { isLeluError, LeluError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { StoreClock } from '../store/clock.ts'
import { withDeadline } from '../store/deadline.ts'
import { lostReplies } from '../store/lost-reply.ts'
import type { ApprovalStore, ListQuery, StoredRow, Swapped, SwapWindow } from '../store/store.ts'
import { storeError } from '../store/store-error.ts'
import type { KeyHolder } from '../tokens/key-holder.ts'
import { dueOf } from './due.ts'
import { expiredEvent } from './events.ts'
import { notFound } from './not-found.ts'
import type { ApprovalRecord } from './record.ts'
import { openRow, sealRow } from './seal.ts'
import { assertTransition } from './state.ts'

export type RecordsOptions = {
  store: ApprovalStore
  keys: KeyHolder
  audit: AuditLog
  clock: StoreClock
  /** Milliseconds an operation of the store may take. */
  deadlineMs: number
}

/** What a transition changes, and the audit events that belong to it. */
export type Change = {
  next: Partial<ApprovalRecord> & { state: ApprovalRecord['state'] }
  events: AuditEvent[]
  /** When it may happen. */
  window?: SwapWindow
}

export type Records = {
  /** Stores a new record, unless the call has one already: then answers that one. */
  create(
    record: ApprovalRecord,
    events: AuditEvent[],
  ): Promise<{ created: boolean; record: ApprovalRecord }>
  /**
   * The record with its seal checked, its events in the log and its deadlines applied. With `tenant`, one of another
   * tenant is answered as an unknown one, after the same read and nothing else.
   */
  load(id: string, tenant?: string): Promise<ApprovalRecord>
  findByCall(tenant: string, idem: string): Promise<ApprovalRecord | undefined>
  list(
    query: ListQuery,
  ): Promise<{ records: ApprovalRecord[]; altered: string[]; next: string | null }>
  /** One transition by compare-and-swap; undefined when another process was faster. */
  commit(current: ApprovalRecord, change: Change): Promise<ApprovalRecord | undefined>
  /** Loads (or starts from a record just loaded), decides and commits, again from the load whenever another process was faster. */
  transition(
    start: string | ApprovalRecord,
    decide: (record: ApprovalRecord) => Change | undefined,
    tenant?: string,
  ): Promise<ApprovalRecord>
}

/** Approvals whose events in the log are remembered. Forgetting one only repeats an event. */
const maxLogged = 4096

/** The only door to stored approvals: sealed, compare-and-swapped, audited before anything depends on it. */
export function createRecords({ store, keys, audit, clock, deadlineMs }: RecordsOptions): Records {
  const logged = new Map<string, string>()
  const written = lostReplies(store, deadlineMs)
  const timed = <T>(operation: Promise<T>, doing: string): Promise<T> =>
    withDeadline(operation, deadlineMs, doing).catch((error) => {
      throw storeError(error, doing)
    })

  function toRow(record: ApprovalRecord, audited: number): StoredRow {
    const { id, tenant, state, revision, idem, createdAt } = record
    const body = JSON.stringify(record)
    const row = {
      id,
      tenant,
      state,
      rev: revision,
      idem,
      createdAt,
      attempt: newId(),
      audited,
      due: dueOf(record),
      body,
    }
    return sealRow(row, keys.sealKey())
  }

  /** Writes what a crash may have kept out of the log; only then may anything be built on the record. */
  async function settle(
    record: ApprovalRecord,
    { audited, attempt }: StoredRow,
  ): Promise<ApprovalRecord> {
    const missing = record.events.filter((event) => event.n > audited)
    if (missing.length > 0) {
      await Promise.all(missing.map((event) => audit.append(event.data)))
      remember(record.id, attempt)
      // Only a hint, and a network that is cut right here answers nothing for minutes.
      const marking = store.markAudited(record.id, record.eventCount)
      await withDeadline(marking, deadlineMs / 10, 'noting what is logged').catch(() => {})
    }
    return record
  }

  /**
   * Which write of an approval this process has logged: the hint in the store may come later than the next read.
   * By the id of the write, not by a number: a row that is put back and changed again has the same numbers anew.
   */
  function remember(id: string, attempt: string): void {
    logged.delete(id)
    logged.set(id, attempt)
    const [oldest] = logged.keys()
    if (logged.size > maxLogged && oldest !== undefined) logged.delete(oldest)
  }

  function withEvents(record: ApprovalRecord, added: AuditEvent[]): ApprovalRecord {
    const events = added.map((event, index) => {
      const n = record.eventCount + index + 1
      return { n, data: { ...event, refs: { ...event.refs, event: n } } }
    })
    return { ...record, events, eventCount: record.eventCount + events.length }
  }

  /** When the reply is lost, the attempt id that is stored tells whose write it was. */
  function swap(rev: number, row: StoredRow, window?: SwapWindow): Promise<Swapped> {
    const swapping = store.swap(rev, row, window)
    const becameOf = (stored: StoredRow | undefined): Swapped | undefined => {
      if (stored?.attempt === row.attempt) return 'done'
      return stored === undefined || stored.rev === rev ? undefined : 'conflict'
    }
    return written(row.id, swapping, 'changing an approval', becameOf)
  }

  async function write(
    current: ApprovalRecord,
    { next, events, window }: Change,
  ): Promise<ApprovalRecord | Exclude<Swapped, 'done'>> {
    assertTransition(current.id, current.state, next.state)
    const changed = withEvents({ ...current, ...next, revision: current.revision + 1 }, events)
    // Everything before these events is in the log already: load() saw to it.
    const row = toRow(changed, current.eventCount)
    const swapped = await swap(current.revision, row, window)
    return swapped === 'done' ? settle(changed, row) : swapped
  }

  async function commit(
    current: ApprovalRecord,
    change: Change,
  ): Promise<ApprovalRecord | undefined> {
    const written = await write(current, change)
    // The next load must see the deadline as the database does.
    if (written === 'late') await clock.refresh()
    return typeof written === 'string' ? undefined : written
  }

  async function open(row: StoredRow): Promise<ApprovalRecord> {
    if (row.state === 'standing') throw notFound(row.id)
    const opened = await openRow(row, keys)
    const known = logged.get(row.id) === row.attempt ? opened.eventCount : row.audited
    let record = await settle(opened, { ...row, audited: known })
    const deadline =
      record.state === 'pending'
        ? record.approveBy
        : record.state === 'approved'
          ? record.executeBy
          : null
    if (deadline !== null && clock.now() >= deadline) {
      const reason = {
        id: 'approval_expired',
        message: 'Nobody decided in time, so the call was not run.',
      }
      const late = { id: 'approval_expired', message: 'The approved call was not run in time.' }
      const next = { state: 'expired' as const, reason: record.state === 'pending' ? reason : late }
      const window = { notBefore: deadline }
      const expired = await write(record, { next, events: [expiredEvent(record)], window })
      if (expired === 'conflict' || expired === 'late') record = await load(row.id)
      // `early`: this process is a little ahead of the database, whose word counts.
      else if (expired !== 'early') record = expired
    }
    return record
  }

  async function load(id: string, tenant?: string): Promise<ApprovalRecord> {
    const row = await timed(store.get(id), 'reading an approval')
    if (row === undefined || row.tenant !== (tenant ?? row.tenant)) throw notFound(id)
    return open(row)
  }

  return {
    commit,
    load,
    async create(record, events) {
      const numbered = withEvents(record, events)
      const row = toRow(numbered, 0)
      const answer = await written(row.id, store.create(row), 'creating an approval', (stored) =>
        stored?.attempt === row.attempt ? { created: true, row } : undefined,
      )
      if (answer.created) return { created: true, record: await settle(numbered, row) }
      return { created: false, record: await open(answer.row) }
    },
    async findByCall(tenant, idem) {
      const row = await timed(store.findByCall(tenant, idem), 'finding an approval')
      return row === undefined ? undefined : open(row)
    },
    async list(query) {
      const rows = await timed(store.list(query), 'listing approvals')
      const records: ApprovalRecord[] = []
      const altered: string[] = []
      const isLast = rows.some(({ state }) => state === 'standing')
      for (const row of rows) {
        if (row.state === 'standing') continue // a grant: those come behind all approvals
        try {
          const record = await open(row)
          if (query.state === undefined || record.state === query.state) records.push(record)
        } catch (error) {
          // One altered row must not hide the queue from the reviewers.
          if (!isLeluError(error) || error.code !== 'LELU_APPROVAL_ALTERED') throw error
          altered.push(row.id)
        }
      }
      return {
        records,
        altered,
        next: rows.length === query.limit && !isLast ? (rows.at(-1)?.id ?? null) : null,
      }
    },
    async transition(start, decide, tenant) {
      const id = typeof start === 'string' ? start : start.id
      for (let round = 0; round < 50; round += 1) {
        const record = round === 0 && typeof start !== 'string' ? start : await load(id, tenant)
        const change = decide(record)
        if (change === undefined) return record
        const committed = await commit(record, change)
        if (committed !== undefined) return committed
      }
      throw new LeluError(
        'LELU_APPROVAL_CONFLICT',
        `Approval ${id} was changed by others 50 times in a row.`,
        {
          help: 'Try again; if it stays, look for a process that writes in a loop.',
          details: { approval: id },
        },
      )
    },
  }
}
