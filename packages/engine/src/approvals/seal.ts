import { createHmac, timingSafeEqual } from 'node:crypto'
import { LeluError } from '../errors.ts'
import type { StoredRow } from '../store/store.ts'
import type { KeyHolder } from '../tokens/key-holder.ts'
import type { SealKey } from '../tokens/key-ring.ts'
import type { ApprovalRecord } from './record.ts'

/** What the seal covers but the body: every column except the two hints, in a text that no two rows share, on one line. */
function headOf(row: Omit<StoredRow, 'seal' | 'audited' | 'due'>): string {
  const { id, tenant, state, rev, idem, createdAt, attempt } = row
  return `lelu.record.v2\n${JSON.stringify([id, tenant, state, rev, idem, createdAt, attempt])}\n`
}

/** The body as it stands, behind the head: to set it into JSON again would cost more than the MAC itself. */
function mac(key: SealKey, row: Omit<StoredRow, 'seal'>): string {
  return createHmac('sha256', key.secret).update(headOf(row)).update(row.body).digest('base64url')
}

/** What versions before `lelu.record.v2` sealed: their records are read for as long as they wait, or are kept. */
function olderMac(key: SealKey, row: StoredRow): string {
  const { id, tenant, state, rev, idem, createdAt, attempt, body } = row
  const columns = JSON.stringify([id, tenant, state, rev, idem, createdAt, attempt, body])
  return createHmac('sha256', key.secret).update(`lelu.record.v1\n${columns}`).digest('base64url')
}

function isTag(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** HMAC-SHA256 over the row, with the key's id in front, so that keys can rotate. */
export function sealRow(row: Omit<StoredRow, 'seal'>, key: SealKey): StoredRow {
  return { ...row, seal: `${key.kid}.${mac(key, row)}` }
}

/**
 * The record of a row whose seal holds and whose columns agree with its body.
 * Against whoever can write to the database but has no key: no state, vote or input can be made up (AISVS 9.4.4).
 */
export async function openRow<Body = ApprovalRecord>(
  row: StoredRow,
  keys: KeyHolder,
): Promise<Body> {
  const [kid = '', tag = ''] = row.seal.split('.')
  const key = (await keys.sealKeysFor(kid)).find((candidate) => candidate.kid === kid)
  if (
    key === undefined ||
    // In UTF-8 a lone surrogate is the same as U+FFFD; what we wrote has none.
    !row.body.isWellFormed() ||
    !(isTag(tag, mac(key, row)) || isTag(tag, olderMac(key, row)))
  ) {
    throw alteredError(row.id, 'its seal does not hold')
  }
  return JSON.parse(row.body) as Body
}

export function alteredError(id: string, why: string): LeluError {
  return new LeluError(
    'LELU_APPROVAL_ALTERED',
    `Approval ${id} was altered in the store: ${why}. The tool was not run.`,
    {
      help: 'Somebody or something other than Lelu wrote to the approvals database, or the key ring was replaced. Find out who; let the agent ask again.',
      details: { approval: id },
    },
  )
}
