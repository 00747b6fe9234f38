import type { ApprovalRecord } from '../approvals/record.ts'
import { LeluError } from '../errors.ts'
import { claimsOf } from './claims.ts'
import { maxTokenLength } from './verify-token.ts'

/** For the header, the signature, and what is in every token: issuer, audience, times and a random id. */
const roomForOthers = 800

/**
 * Throws `LELU_REQUEST_INVALID` for a call whose names no token can hold: a person would be asked about it, and it could
 * never run.
 */
export function assertFitsToken(record: ApprovalRecord): void {
  const bytes = Buffer.byteLength(JSON.stringify(claimsOf(record, 1)))
  if (Math.ceil((bytes * 4) / 3) + roomForOthers <= maxTokenLength) return
  throw new LeluError(
    'LELU_REQUEST_INVALID',
    'The names of this call are too long together to be approved: its agent and whom it acts for, its run, its id, its tool.',
    {
      help: 'Shorten the run or the subject: all of them together have some 2 400 bytes of UTF-8.',
      details: { path: 'run' },
    },
  )
}
