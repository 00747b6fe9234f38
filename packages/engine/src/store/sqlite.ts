import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Answer } from '../answer.ts'
import { isBusy, patienceOf, whileBusy } from './busy.ts'
import { commitQueue } from './commit-queue.ts'
import { defaultStoreDeadlineMs } from './deadline.ts'
import { openDatabase } from './sqlite-database.ts'
import { whereDue } from './sqlite-due.ts'
import { selectPage } from './sqlite-lists.ts'
import { checkSqliteOptions, type SqliteStoreOptions } from './sqlite-options.ts'
import {
  columns,
  foundCall,
  fromRow,
  marksFrom,
  selectCall,
  selectCallAndMarks,
  selectMarks,
  selectRows,
} from './sqlite-rows.ts'
import type { ApprovalStore, StoredRow } from './store.ts'
import { storeError } from './store-error.ts'

export type SqliteApprovalStore = ApprovalStore & {
  database: DatabaseSync
  /** Runs `statement` in a durable transaction, together with whatever is written at the same time. */
  write<T>(doing: string, statement: () => T): Promise<T>
  /** Told by an engine that uses it. Of several, the least patient one says how long another process is waited for. */
  within(deadlineMs: number): void
}

const values =
  '$id, $tenant, $state, $rev, $idem, $createdAt, $attempt, $audited, $due, $body, $seal'

/** All statements. Where one cannot be prepared, the tables are not ours: the file is closed, and left as it is. */
function prepareAll(database: DatabaseSync, path: string) {
  try {
    return statementsOf((sql) => database.prepare(sql))
  } catch (error) {
    database.close()
    throw storeError(error, `opening ${path}`, {
      1: 'Its tables are not those of Lelu: give it a file of its own, or restore a backup.',
    })
  }
}

function statementsOf(prepare: (sql: string) => StatementSync) {
  return {
    insert: prepare(
      `INSERT INTO lelu_approval (${columns}) VALUES (${values}) ON CONFLICT DO NOTHING`,
    ),
    get: prepare(selectRows('WHERE id = ?')),
    ofCall: prepare(selectCall),
    swap: prepare(
      `UPDATE lelu_approval SET state = $state, rev = $rev, attempt = $attempt, audited = $audited, due = $due, body = $body,
         seal = $seal WHERE id = $id AND rev = $expected`,
    ),
    due: prepare(selectRows(whereDue)),
    audited: prepare('UPDATE lelu_approval SET audited = ?2 WHERE id = ?1 AND audited < ?2'),
    setMark: prepare(
      'INSERT INTO lelu_watermark VALUES (?, ?) ON CONFLICT DO UPDATE SET not_before = max(not_before, excluded.not_before)',
    ),
  }
}

/** The embedded driver: `UPDATE … WHERE rev = ?` in a durable transaction, shared safely by processes of one host. */
export function sqliteApprovalStore(
  options: SqliteStoreOptions,
  deadlineMs?: number,
): SqliteApprovalStore {
  checkSqliteOptions(options)
  const { path, busyTimeoutMs = Number.POSITIVE_INFINITY } = options
  const openMs = Math.min(busyTimeoutMs, deadlineMs ?? defaultStoreDeadlineMs)
  const { database, assertInPlace } = openDatabase(path, openMs)
  const statements = prepareAll(database, path)
  /** One statement for each number of scopes. */
  const forScopes = (sqlOf: (scopes: string) => string) => {
    const known: StatementSync[] = []
    return (count: number): StatementSync => {
      known[count] ??= database.prepare(sqlOf(Array(count).fill('?').join(', ')))
      return known[count]
    }
  }
  const pages = new Map<string, StatementSync>()
  const pageStatement = (sql: string): StatementSync => {
    const statement = pages.get(sql) ?? database.prepare(sql)
    pages.set(sql, statement)
    return statement
  }
  const marks = forScopes(selectMarks)
  const callAndMarks = forScopes(selectCallAndMarks)
  const queue = commitQueue(database, assertInPlace)
  let told = deadlineMs
  const patience = () => Math.min(busyTimeoutMs, patienceOf(told ?? defaultStoreDeadlineMs))
  const write = <T>(doing: string, statement: () => T) => queue.write(doing, patience(), statement)
  /** A reader waits for no writer; but for one who repairs the file after a crash. */
  const read = <T>(doing: string, query: () => T): Answer<T> => {
    // Else SQLite says of a closed file that a statement has been finalized.
    if (!database.isOpen) return Promise.reject(storeError(new Error('the store is closed'), doing))
    try {
      assertInPlace()
      return query()
    } catch (error) {
      if (!isBusy(error)) return Promise.reject(storeError(error, doing))
      return whileBusy(patience(), async () => query()).catch((why) => {
        throw storeError(why, doing)
      })
    }
  }

  return {
    name: 'sqlite',
    async open() {}, // the file was opened, and its tables made, when the driver was
    database,
    write,
    within(ms) {
      told = Math.min(ms, told ?? ms)
    },
    create: (row) =>
      write('creating an approval', () => {
        const inserted = statements.insert.run(row as unknown as Record<string, string>)
        if (inserted.changes === 1) return { created: true, row }
        const taken = statements.get.get(row.id) ?? statements.ofCall.get(row.tenant, row.idem)
        return { created: false, row: fromRow(taken) as StoredRow }
      }),
    get: (id) => read('reading an approval', () => fromRow(statements.get.get(id))),
    findByCall: (tenant, idem, scopes = []) =>
      read('finding an approval', () =>
        foundCall(callAndMarks(scopes.length).all(tenant, idem, ...scopes)),
      ),
    swap: (rev, { id, state, rev: next, attempt, audited, due, body, seal }) =>
      write('changing an approval', () => {
        const bound = { id, state, rev: next, attempt, audited, due, body, seal, expected: rev }
        return statements.swap.run(bound).changes === 1 ? 'done' : 'conflict'
      }),
    list: async (asked) =>
      read('listing approvals', () => {
        const { sql, values } = selectPage(asked)
        return pageStatement(sql)
          .all(...values)
          .map((row) => fromRow(row) as StoredRow)
      }),
    due: async (now, limit) =>
      read('finding what is due', () =>
        statements.due.all(now, limit).map((row) => fromRow(row) as StoredRow),
      ),
    // Rides on the next durable commit of this process: losing it only repeats an event in the log.
    markAudited: async (marked) => {
      queue.later(() => {
        for (const { id, audited } of marked) statements.audited.run(id, audited)
      })
    },
    setWatermark: (scope, notBefore) =>
      write('revoking', () => {
        statements.setMark.run(scope, notBefore)
      }),
    watermarks: (scopes) =>
      read('reading revocations', () => marksFrom(marks(scopes.length).all(...scopes))),
    close: async () => {
      await queue.drain()
      if (database.isOpen) database.close()
    },
  }
}
