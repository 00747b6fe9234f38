import { callerTenant, readPage, type TenantScope } from '../approvals/caller-tenant.ts'
import type { ApprovalRecord } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { LeluError } from '../errors.ts'
import type { Delivery } from './notifier.ts'
import type { Begun, NotifyLoop } from './notify-loop.ts'
import { isSame } from './settle-notice.ts'
import {
  changedByOthers,
  maxRounds,
  type Undelivered,
  type UndeliveredList,
  type UndeliveredPage,
} from './undelivered.ts'

/** Notices of approvals on their way out, and those that could not be delivered. */
export interface Notifications {
  /** Those that could not be delivered, oldest first; 50 a page unless told, 500 at most. */
  list(filter?: { tenant?: string; limit?: number; after?: string }): Promise<UndeliveredPage>
  /** Puts it back into the outbox of its approval, for the target that did not take it. */
  retry(id: string, options?: TenantScope): Promise<Undelivered>
  /** Takes it off the list for good. */
  discard(id: string, options?: TenantScope): Promise<Undelivered>
  /** Sends at once what is due, as the engine does by itself. Needs `notify` with its targets. */
  deliver(): Promise<Delivery>
  /** Begins to send what is due, and waits for no answer: for whoever looks again and again. Needs `notify` as well. */
  begin(): Promise<Begun>
}

type Options = {
  records: Pick<Records, 'transition'>
  undelivered: UndeliveredList
  /** Absent where no targets are configured. */
  loop?: NotifyLoop
  now: () => number
}

export function createNotifications({ records, undelivered, loop, now }: Options): Notifications {
  /** Takes it off the list; whoever finds it gone was not the first. */
  async function close(id: string, tenant: string | undefined): Promise<Undelivered> {
    for (let round = 0; round < maxRounds; round += 1) {
      const letter = await undelivered.get(id, tenant)
      if (await undelivered.close(letter)) return { ...letter, state: 'closed' }
    }
    throw changedByOthers(id)
  }

  function loopOf(): NotifyLoop {
    if (loop !== undefined) return loop
    throw new LeluError('LELU_OPTIONS_INVALID', 'No targets are configured to deliver to.', {
      help: 'Pass the option `notify`, at least { targets: [{ name, type, url, secret }] }.',
    })
  }

  return {
    list: async (filter = {}) => undelivered.list(readPage(filter)),
    async retry(id, scope = {}) {
      const tenant = callerTenant(scope)
      const letter = await undelivered.get(id, tenant)
      const { approval, notice, target } = letter
      const fresh = { ...notice, tries: 0, nextAt: now(), sent: [], only: target }
      // Into the outbox first, then off the list: a crash in between sends it twice, never not at all.
      await records.transition(approval, ({ state, outbox }: ApprovalRecord) => {
        if (outbox.some((one) => isSame(one, fresh))) return undefined
        return { next: { state, outbox: [...outbox, fresh] }, events: [] }
      })
      // Only as it was read: laid aside again meanwhile, it stays on the list.
      await undelivered.close(letter)
      return { ...letter, state: 'closed' }
    },
    discard: async (id, scope = {}) => close(id, callerTenant(scope)),
    deliver: async () => loopOf().deliver(),
    begin: async () => loopOf().begin(),
  }
}
