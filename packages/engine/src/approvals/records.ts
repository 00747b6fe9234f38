import type { AuditEvent, AuditLog } from '@lelu/audit'
import { LeluError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { StoreClock } from '../store/clock.ts'
import { lostReplies } from '../store/lost-reply.ts'
import type {
  ApprovalStore,
  ListQuery,
  Marks,
  StoredRow,
  Swapped,
  SwapWindow,
} from '../store/store.ts'
import { timedBy } from '../store/timed.ts'
import type { KeyHolder } from '../tokens/key-holder.ts'
import type { Change, Commit, Prepared } from './change.ts'
import { dueOf } from './due.ts'
import { type DueRecords, dueRecords } from './due-records.ts'
import { eventLog } from './event-log.ts'
import { isApart, listRecords, type RecordPage } from './list-records.ts'
import { assertLoggable } from './loggable.ts'
import { notFound } from './not-found.ts'
import type { Notice } from './notice.ts'
import { isBookkeeping, outboxAfter } from './notices.ts'
import { overdueChange } from './overdue.ts'
import { type ApprovalRecord, complete } from './record.ts'
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

type Decide = (record: ApprovalRecord) => Change | undefined

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
  /** The record of a call, and with it the marks of these scopes. */
  findByCall(
    tenant: string,
    idem: string,
    scopes?: readonly string[],
  ): Promise<{ record: ApprovalRecord | undefined; marks: Marks }>
  list(query: ListQuery): Promise<RecordPage>
  /**
   * At most `limit` records that are due (a notice to send, a reminder to make), with their deadlines applied. Rows that
   * were altered are only named.
   */
  due(limit: number): Promise<DueRecords>
  /** An event `notice` says that a write of this process has put something into an outbox. */
  noticed: EventTarget
  commit: Commit
  /** The first half of a commit: what is written is made at once, and swapped in when the answer is called. */
  prepare(current: ApprovalRecord, change: Change): Prepared
  /** Loads, decides and commits, again from the load whenever another process was faster. */
  transition(id: string, decide: Decide, tenant?: string): Promise<ApprovalRecord>
  /** The same from a record that was just loaded. Never one that a caller handed in: its seal is not looked at again. */
  transitionFrom(record: ApprovalRecord, decide: Decide): Promise<ApprovalRecord>
  /** Waits until the events of every transition are on disk in the log. Never throws. */
  flush(): Promise<void>
}

/** Each is one of others who change the approval at this moment. */
const maxRounds = 50

/** The only door to stored approvals: sealed, compare-and-swapped, audited before anything depends on it. */
export function createRecords({ store, keys, audit, clock, deadlineMs }: RecordsOptions): Records {
  const log = eventLog(store, audit, deadlineMs)
  const noticed = new EventTarget()
  const written = lostReplies(store, deadlineMs)
  const timed = timedBy(deadlineMs)

  function toRow(record: ApprovalRecord): StoredRow {
    const { id, tenant, state, revision: rev, idem, createdAt } = record
    const audited = (record.events[0]?.n ?? record.eventCount + 1) - 1
    const hints = { audited, due: dueOf(record) }
    const row = { id, tenant, state, rev, idem, createdAt, attempt: newId(), ...hints }
    return sealRow({ ...row, body: JSON.stringify(record) }, keys.sealKey())
  }

  function withEvents(record: ApprovalRecord, added: AuditEvent[]): ApprovalRecord {
    const events = added.map((event, index) => {
      const n = record.eventCount + index + 1
      return { n, data: { ...event, refs: { ...event.refs, event: n } } }
    })
    return {
      ...record,
      events: [...log.unsafe(record), ...events],
      eventCount: record.eventCount + events.length,
    }
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

  /** The record as it will be written, with the notice of what happens to it. */
  function withNotice(before: ApprovalRecord | undefined, after: ApprovalRecord): ApprovalRecord {
    return { ...after, outbox: outboxAfter(before, after, clock.now()) }
  }

  /** One that was there before waits for something else than to be heard of. */
  function told(before: ApprovalRecord | undefined, record: ApprovalRecord): ApprovalRecord {
    const wasThere = (notice: Notice) =>
      before?.outbox.some(({ id, only }) => id === notice.id && only === notice.only)
    const isNews = record.outbox.some((notice) => notice.tries === 0 && !wasThere(notice))
    if (isNews) noticed.dispatchEvent(new Event('notice'))
    return record
  }

  function prepareWrite(
    current: ApprovalRecord,
    { next, events, window }: Change,
  ): () => Promise<ApprovalRecord | Exclude<Swapped, 'done'>> {
    if (!isBookkeeping(current, next)) assertTransition(current.id, current.state, next.state)
    const after = withNotice(current, { ...current, ...next, revision: current.revision + 1 })
    const changed = withEvents(after, events)
    const row = toRow(changed)
    return async () => {
      // Everything before these events is in the log already: load() saw to it.
      log.announce(row.attempt, current.eventCount)
      try {
        const swapped = await swap(current.revision, row, window)
        if (swapped !== 'done') return swapped
        await log.settle(changed, row)
        return told(current, changed)
      } finally {
        log.done(row.attempt)
      }
    }
  }

  function prepare(current: ApprovalRecord, change: Change): Prepared {
    const write = prepareWrite(current, change)
    return async () => {
      const written = await write()
      // The next look must see the time as the database does.
      if (written === 'late' || written === 'early') await clock.refresh()
      return typeof written === 'string' ? undefined : written
    }
  }

  const commit: Commit = async (current, change) => {
    await keys.fresh() // a tool may have been at work for hours since the record was read
    return prepare(current, change)()
  }

  async function open(row: StoredRow): Promise<ApprovalRecord> {
    if (isApart(row)) throw notFound(row.id)
    const opened = complete(await openRow(row, keys))
    await log.settle(opened, row)
    let record = opened
    const change = overdueChange(record, clock.now())
    if (change !== undefined) {
      const changed = await prepareWrite(record, change)()
      if (changed === 'conflict' || changed === 'late') record = await load(row.id)
      // `early`: this process is a little ahead of the database, whose word counts.
      else if (changed !== 'early') record = changed
    }
    return record
  }

  async function load(id: string, tenant?: string): Promise<ApprovalRecord> {
    // A host may hand on what it got: an object here would be asked of the database, or worse, taken for a record.
    if (typeof id !== 'string') throw notFound(id)
    const row = await timed(store.get(id), 'reading an approval')
    if (row === undefined || row.tenant !== (tenant ?? row.tenant)) throw notFound(id)
    return open(row)
  }

  async function transitionOf(start: ApprovalRecord, decide: Decide): Promise<ApprovalRecord> {
    let record = start
    for (let round = 0; round < maxRounds; round += 1) {
      const change = decide(record)
      if (change === undefined) return record
      const committed = await commit(record, change)
      if (committed !== undefined) return committed
      record = await load(record.id)
    }
    throw new LeluError(
      'LELU_APPROVAL_CONFLICT',
      `Approval ${start.id} was changed by others ${maxRounds} times in a row.`,
      {
        help: 'Try again; if it stays, look for a process that writes in a loop.',
        details: { approval: start.id },
      },
    )
  }

  return {
    commit,
    prepare,
    load,
    noticed,
    flush: log.flush,
    list: listRecords({
      rows: (query) => timed(store.list(query), 'listing approvals'),
      open,
    }),
    due: dueRecords({
      now: clock.now,
      rows: (now, limit) => timed(store.due(now, limit), 'reading what is due'),
      open,
      commit,
    }),
    async create(record, events) {
      await keys.fresh()
      const numbered = withEvents(withNotice(undefined, record), events)
      const row = toRow(numbered)
      assertLoggable(events, row)
      const answer = await written(row.id, store.create(row), 'creating an approval', (stored) =>
        stored?.attempt === row.attempt ? { created: true, row } : undefined,
      )
      if (!answer.created) return { created: false, record: await open(answer.row) }
      await log.settle(numbered, row)
      return { created: true, record: told(undefined, numbered) }
    },
    async findByCall(tenant, idem, scopes) {
      const finding = store.findByCall(tenant, idem, scopes)
      const { row, marks } = await timed(finding, 'finding an approval')
      return { record: row && (await open(row)), marks }
    },
    async transition(id, decide, tenant) {
      return transitionOf(await load(id, tenant), decide)
    },
    transitionFrom: transitionOf,
  }
}
