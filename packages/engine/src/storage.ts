import { join } from 'node:path'
import {
  type AuditLog,
  type AuditLogOptions,
  type Openings,
  openAuditLog,
  openOpenings,
} from '@lelu/audit'
import { type ApprovalsPart, createApprovals, type EditCheck } from './approvals/approvals.ts'
import { createRecords, type Records } from './approvals/records.ts'
import { type KillSwitch, killSwitch, type StoppedCheck } from './execution/kill-switch.ts'
import { type NotificationsPart, openNotifications } from './notify/open-notifications.ts'
import type { StorageOptions } from './options.ts'
import { hideFromGit } from './own-folder.ts'
import { type RecordedInputs, recordedInputs } from './recorded/recorded-inputs.ts'
import { type StandingGrants, standingGrants } from './standing/standing-grants.ts'
import { type StandingRecords, standingRecords } from './standing/standing-records.ts'
import { storeClock } from './store/clock.ts'
import { defaultStoreDeadlineMs } from './store/deadline.ts'
import { type EngineStore, engineStore } from './store/engine-store.ts'
import { fromKeyv } from './store/from-keyv.ts'
import { markReader } from './store/marks.ts'
import { sqliteApprovalStore } from './store/sqlite.ts'
import { timedBy } from './store/timed.ts'
import { openKeyRing, readKeyRing } from './tokens/key-files.ts'
import { type KeyHolder, keyHolder } from './tokens/key-holder.ts'
import { importKeyRing, type KeyRing } from './tokens/key-ring.ts'
import { assertKeysNotLost } from './tokens/keys-lost.ts'
import { createRevocations, type Revocations } from './tokens/revocations.ts'
import { defaultWithinMs } from './weakened.ts'

export const defaultDirectory = '.lelu'
/** Migrating a large table takes its time. */
const openMs = 30_000

/** Everything below the policy: the parts that a reviewer's process needs as well as the agent's. */
export type Storage = {
  directory: string
  audit: AuditLog
  openings: Openings
  inputs: RecordedInputs
  keys: KeyHolder
  records: Records
  revocations: Revocations
  standing: StandingRecords
  grants: StandingGrants
  killSwitch: KillSwitch
  stopped: StoppedCheck
  notifying: Pick<NotificationsPart, 'notifications' | 'start'>
  now: () => number
  approveWithinMs: number
  approvals(checkEdit?: EditCheck): ApprovalsPart
  /** Closes what was opened here, not what was passed in. */
  close(): Promise<void>
}

function auditOptions(options: StorageOptions, directory: string): AuditLogOptions {
  const { now = Date.now, archive, durability } = options
  return {
    directory: join(directory, 'audit'),
    keys: join(directory, 'keys', 'audit'),
    now,
    ...(archive && { sink: archive }),
    ...(durability && { durability }),
  }
}

/** Without a Keyv of the user's there is nothing to unwrap: the driver itself. */
function storeOf(options: StorageOptions, directory: string, deadlineMs: number): EngineStore {
  if (options.store === undefined) {
    const path = join(directory, 'approvals.db')
    return engineStore(sqliteApprovalStore({ path }, deadlineMs), true)
  }
  const allowed = options.allowUnsafeStore && { allowUnsafe: true }
  return engineStore(fromKeyv(options.store, { deadlineMs, ...allowed }), false)
}

/** Opens the keys, the log and the store, in this order; whatever fails closes what was opened before it. */
export async function openStorage(
  options: StorageOptions,
  { keepsInputs = false }: { keepsInputs?: boolean } = {},
): Promise<Storage> {
  const {
    directory = defaultDirectory,
    now = Date.now,
    storeDeadlineMs: deadlineMs = defaultStoreDeadlineMs,
  } = options
  const keysFolder = join(directory, 'keys')
  async function ownKeys(): Promise<KeyRing> {
    if (options.store === undefined) assertKeysNotLost(directory)
    return openKeyRing(keysFolder, now())
  }
  // Before the keys, so that there is no moment at which they can be seen.
  if (options.keys === undefined || keepsInputs) await hideFromGit(directory)
  const keys =
    options.keys === undefined
      ? keyHolder(await ownKeys(), () => readKeyRing(keysFolder))
      : keyHolder(importKeyRing(options.keys))
  const audit = options.audit ?? (await openAuditLog(auditOptions(options, directory)))
  const openings = await openOpenings({
    directory: join(directory, 'openings'),
    write: keepsInputs,
  })
  const closeAudit = async () => {
    await openings.close()
    if (options.audit === undefined) await audit.close()
  }
  let closeStore = async () => {}
  try {
    const store = storeOf(options, directory, deadlineMs)
    closeStore = store.close
    await timedBy(openMs)(store.open(), 'opening')
    const clock = storeClock(store, now, deadlineMs)
    await clock.refresh()
    const records = createRecords({ store, keys, audit, clock, deadlineMs })
    const readMarks = markReader(store, deadlineMs)
    const marking = { store, readMarks, audit, deadlineMs }
    const revocations = createRevocations({
      ...marking,
      latest: clock.latest,
      refresh: clock.refresh,
    })
    const standing = standingRecords({ store, keys, deadlineMs })
    const { approveWithinMs = defaultWithinMs, executeWithinMs = defaultWithinMs } = options
    const { notify, notices = notify !== undefined } = options
    const notifying = openNotifications({
      ...{ records, store, keys, deadlineMs, now: clock.now },
      ...(notify && { notify }),
    })
    return {
      directory,
      audit,
      openings,
      inputs: recordedInputs({ openings, audit, store }),
      keys,
      records,
      revocations,
      standing,
      grants: standingGrants({ standing, records, audit, revocations, now: clock.earliest }),
      ...killSwitch({ ...marking, now: clock.now }),
      notifying,
      now: clock.now,
      approveWithinMs,
      approvals: (checkEdit) =>
        createApprovals({
          records,
          now: clock.now,
          earliest: clock.earliest,
          approveWithinMs,
          executeWithinMs,
          notices,
          ...(checkEdit && { checkEdit }),
        }),
      async close() {
        await notifying.close()
        await records.flush()
        await closeStore()
        await closeAudit()
      },
    }
  } catch (error) {
    await closeStore().catch(() => {})
    await closeAudit()
    throw error
  }
}
