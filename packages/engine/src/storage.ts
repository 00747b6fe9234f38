import { join } from 'node:path'
import { type AuditLog, openAuditLog } from '@lelu/audit'
import { Keyv } from 'keyv'
import { type ApprovalsPart, createApprovals, type EditCheck } from './approvals/approvals.ts'
import { createRecords, type Records } from './approvals/records.ts'
import type { StorageOptions } from './options.ts'
import { fromKeyv } from './store/from-keyv.ts'
import { sqliteStore } from './store/sqlite-keyv.ts'
import { openKeyRing } from './tokens/key-files.ts'
import { type KeyHolder, keyHolder } from './tokens/key-holder.ts'
import { importKeyRing } from './tokens/key-ring.ts'
import { createRevocations, type Revocations } from './tokens/revocations.ts'

export const defaultDirectory = '.lelu'
const day = 24 * 3600 * 1000

/** Everything below the policy: the parts that a reviewer's process needs as well as the agent's. */
export type Storage = {
  directory: string
  audit: AuditLog
  keys: KeyHolder
  records: Records
  revocations: Revocations
  now: () => number
  approvals(checkEdit?: EditCheck): ApprovalsPart
  /** Closes what was opened here, not what was passed in. */
  close(): Promise<void>
}

/** Opens the keys, the log and the store, in this order; whatever fails closes what was opened before it. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const {
    directory = defaultDirectory,
    now = Date.now,
    storeDeadlineMs: deadlineMs = 2000,
  } = options
  const keysFolder = join(directory, 'keys')
  const keys =
    options.keys === undefined
      ? keyHolder(await openKeyRing(keysFolder, now()), () => openKeyRing(keysFolder, now()))
      : keyHolder(await importKeyRing(options.keys))
  const audit = options.audit ?? (await openAuditLog({ directory: join(directory, 'audit'), now }))
  const closeAudit = async () => {
    if (options.audit === undefined) await audit.close()
  }
  try {
    const keyv =
      options.store ?? new Keyv({ store: sqliteStore({ path: join(directory, 'approvals.db') }) })
    const store = fromKeyv(keyv)
    const records = createRecords({ store, keys, audit, now, deadlineMs })
    const { approveWithinMs = day, executeWithinMs = day } = options
    return {
      directory,
      audit,
      keys,
      records,
      revocations: createRevocations({ store, audit, now, deadlineMs }),
      now,
      approvals: (checkEdit) =>
        createApprovals({
          records,
          now,
          approveWithinMs,
          executeWithinMs,
          ...(checkEdit && { checkEdit }),
        }),
      async close() {
        if (options.store === undefined) await store.close()
        await closeAudit()
      },
    }
  } catch (error) {
    await closeAudit()
    throw error
  }
}
