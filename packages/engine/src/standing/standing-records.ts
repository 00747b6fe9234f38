import { nextOf, openRows } from '../approvals/open-rows.ts'
import { openRow, sealRow } from '../approvals/seal.ts'
import { LeluError } from '../errors.ts'
import { newId } from '../ids.ts'
import { shownId } from '../request/shown-id.ts'
import { lostReplies } from '../store/lost-reply.ts'
import type { ApprovalStore, StoredRow, Swapped } from '../store/store.ts'
import { timedBy } from '../store/timed.ts'
import type { KeyHolder } from '../tokens/key-holder.ts'
import {
  type StandingGrant,
  type StandingMatch,
  standingKey,
  standingPrefix,
} from './standing-grant.ts'

/** `altered` names rows that were changed outside Lelu; `next` is the `after` of the next page, or null. */
export type GrantPage = { grants: StandingGrant[]; altered: string[]; next: string | null }

export type StandingRecords = {
  /** Undefined when there is none for such calls. */
  find(tenant: string, match: StandingMatch): Promise<StandingGrant | undefined>
  /** With `tenant`, one of another tenant is answered as an unknown one. */
  get(id: string, tenant?: string): Promise<StandingGrant>
  /** Stores a new one; false when such calls have one already. */
  create(grant: StandingGrant): Promise<boolean>
  /** Compare-and-swap on the revision. `before` is a deadline by the clock of the database. */
  swap(current: StandingGrant, next: StandingGrant, before?: number): Promise<Swapped>
  list(query: { tenant?: string; limit: number; after?: string }): Promise<GrantPage>
}

type Options = { store: ApprovalStore; keys: KeyHolder; deadlineMs: number }

/** Standing grants in the same store as approvals: sealed, one winner for each use, found by what they are about. */
export function standingRecords({ store, keys, deadlineMs }: Options): StandingRecords {
  const timed = timedBy(deadlineMs)

  function toRow(grant: StandingGrant): StoredRow {
    const { id, tenant, revision: rev, createdAt, match } = grant
    const fixed = { state: 'standing' as const, idem: standingKey(match), audited: 0, due: null }
    const row = { id, tenant, rev, createdAt, ...fixed, attempt: newId() }
    return sealRow({ ...row, body: JSON.stringify(grant) }, keys.sealKey())
  }

  const written = lostReplies(store, deadlineMs)
  /** One of before terms could be given anew has those that it was made with. */
  const open = async (row: StoredRow): Promise<StandingGrant> => {
    const grant = await openRow<StandingGrant>(row, keys)
    return { ...grant, grantedAt: grant.grantedAt ?? grant.createdAt }
  }

  return {
    async find(tenant, match) {
      const finding = store.findByCall(tenant, standingKey(match))
      const { row } = await timed(finding, 'finding a grant')
      return row && open(row)
    },
    async get(id, tenant) {
      const isOne = typeof id === 'string' && id.startsWith(standingPrefix)
      const row = isOne ? await timed(store.get(id), 'reading a grant') : undefined
      if (row !== undefined && row.tenant === (tenant ?? row.tenant)) return open(row)
      const grant = shownId(id)
      throw new LeluError('LELU_GRANT_NOT_FOUND', `There is no standing grant ${grant}.`, {
        help: 'Check the id; `lelu grants list` shows what is there.',
        details: { grant },
      })
    },
    async create(grant) {
      return (await timed(store.create(toRow(grant)), 'creating a grant')).created
    },
    swap(current, next, before) {
      const row = toRow(next)
      const window = before === undefined ? {} : { before }
      const swapping = store.swap(current.revision, row, window)
      return written(row.id, swapping, 'changing a grant', (stored) =>
        stored?.attempt === row.attempt ? 'done' : undefined,
      )
    },
    async list({ after = standingPrefix, ...query }) {
      const rows = await timed(store.list({ ...query, state: 'standing', after }), 'listing grants')
      const { opened: grants, altered } = await openRows(rows, open)
      return { grants, altered, next: nextOf(rows, query.limit) }
    },
  }
}
