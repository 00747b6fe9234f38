import type { NoticeKind } from '../approvals/notice.ts'
import { nextOf, openRows } from '../approvals/open-rows.ts'
import { openRow, sealRow } from '../approvals/seal.ts'
import { LeluError } from '../errors.ts'
import { newId } from '../ids.ts'
import { shownId } from '../request/shown-id.ts'
import { lostReplies } from '../store/lost-reply.ts'
import type { ApprovalStore, StoredRow } from '../store/store.ts'
import { timedBy } from '../store/timed.ts'
import type { KeyHolder } from '../tokens/key-holder.ts'

/** A notice that one target did not take: tried to the end, or refused for good. Times are epoch ms. */
export type Undelivered = {
  /** `und_` and random. */
  id: string
  tenant: string
  /** `closed`: somebody had it sent again, or discarded it. */
  state: 'undelivered' | 'closed'
  revision: number
  createdAt: number
  approval: string
  notice: { id: string; kind: NoticeKind; at: number }
  /** The name of the target. */
  target: string
  tries: number
  /** What came of the last try, such as `HTTP 410` or `ECONNREFUSED`. */
  why: string
}

export type UndeliveredQuery = { tenant?: string; limit: number; after?: string }

/** `altered` names rows that were changed outside Lelu; `next` is the `after` of the next page, or null. */
export type UndeliveredPage = { undelivered: Undelivered[]; altered: string[]; next: string | null }

/** The list of notices that were not delivered, in the store of the approvals: sealed, one row for notice and target. */
export type UndeliveredList = {
  /** Idempotent: whoever died before the outbox was emptied does it again. */
  put(letter: Pick<Undelivered, Exclude<keyof Undelivered, OfTheList>>): Promise<void>
  /** Throws `LELU_NOTIFICATION_NOT_FOUND` for one that is not on the list (any more), or is of another tenant. */
  get(id: string, tenant?: string): Promise<Undelivered>
  list(query: UndeliveredQuery): Promise<UndeliveredPage>
  /** Takes it off the list; false when somebody else was faster. */
  close(letter: Undelivered): Promise<boolean>
}

type OfTheList = 'id' | 'state' | 'revision' | 'createdAt'
type Options = { store: ApprovalStore; keys: KeyHolder; deadlineMs: number; now: () => number }

/** Behind those of approvals and grants, where pages of approvals end. */
const prefix = 'und_'

/** Each is one of others who change the same notice at this moment. */
export const maxRounds = 20

/** Three members: the key of a call has two, whatever its run and its id are. */
const keyFor = (notice: string, target: string) => JSON.stringify(['undelivered', notice, target])

/** Somebody else was faster, again and again. */
export function changedByOthers(notification: string): LeluError {
  const message = `The notification ${notification} was changed by others ${maxRounds} times in a row.`
  return new LeluError('LELU_APPROVAL_CONFLICT', message, {
    help: 'Try again; if it stays, look for a process that writes in a loop.',
    details: { notification },
  })
}

export function undeliveredList({ store, keys, deadlineMs, now }: Options): UndeliveredList {
  const timed = timedBy(deadlineMs)
  const written = lostReplies(store, deadlineMs)
  const open = (row: StoredRow) => openRow<Undelivered>(row, keys)

  function toRow(letter: Undelivered): StoredRow {
    const { id, tenant, state, revision: rev, createdAt, notice, target } = letter
    const idem = keyFor(notice.id, target)
    const row = { id, tenant, state, rev, idem, createdAt, attempt: newId(), audited: 0, due: null }
    return sealRow({ ...row, body: JSON.stringify(letter) }, keys.sealKey())
  }

  async function swap(current: Undelivered, next: Undelivered): Promise<boolean> {
    const row = toRow({ ...next, revision: current.revision + 1 })
    const swapping = store.swap(current.revision, row)
    const swapped = await written(row.id, swapping, 'changing a notice', (stored) =>
      stored?.attempt === row.attempt ? 'done' : undefined,
    )
    return swapped === 'done'
  }

  return {
    async put(given) {
      const own = { id: `${prefix}${newId()}`, state: 'undelivered' as const, revision: 1 }
      const letter: Undelivered = { ...own, createdAt: now(), ...given }
      for (let round = 0; round < maxRounds; round += 1) {
        const { created, row } = await timed(store.create(toRow(letter)), 'laying a notice aside')
        if (created) return
        // Laid aside before: a new revision, so that whoever is about to close the earlier one does not close this.
        const earlier = await open(row)
        if (await swap(earlier, { ...letter, id: earlier.id, createdAt: earlier.createdAt })) return
      }
      throw changedByOthers(letter.notice.id)
    },
    async get(id, tenant) {
      const isOne = typeof id === 'string' && id.startsWith(prefix)
      const row = isOne ? await timed(store.get(id), 'reading a notice') : undefined
      if (row?.state === 'undelivered' && row.tenant === (tenant ?? row.tenant)) return open(row)
      const notification = shownId(id)
      throw new LeluError(
        'LELU_NOTIFICATION_NOT_FOUND',
        `There is no notification ${notification} that waits to be sent again.`,
        {
          help: 'Check the id; `lelu notifications list` shows those that could not be delivered.',
          details: { notification },
        },
      )
    },
    async list({ after = prefix, ...query }) {
      const asked = store.list({ ...query, state: 'undelivered', after })
      const rows = await timed(asked, 'listing notices')
      const { opened: undelivered, altered } = await openRows(rows, open)
      return { undelivered, altered, next: nextOf(rows, query.limit) }
    },
    close: (letter) => swap(letter, { ...letter, state: 'closed' }),
  }
}
