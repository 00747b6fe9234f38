import { LeluError } from '../errors.ts'
import { maxName } from '../request/gate.ts'
import { ownMember } from '../request/own-member.ts'
import { checkText } from '../request/read-members.ts'
import { assertAfter } from './page-after.ts'
import { pageLimit } from './page-limit.ts'

/** Whose records are reached by an id. */
export type TenantScope = {
  /** The tenant of the caller, from the host's authentication: another's id answers what an unknown one does. Without it, every tenant is reached. */
  tenant?: string
}

/**
 * The tenant of the caller, or undefined where none was given. An empty or undefined one that is given all the same is
 * refused: an authentication that found no tenant must not open everybody's. So is one that no call can have, or that is
 * not the object's own.
 */
export function callerTenant(scope: unknown): string | undefined {
  const member = ownMember(scope, 'tenant')
  if (member === undefined) return undefined
  const { value } = member
  if (typeof value === 'string' && value !== '') return checkText(value, 'tenant', maxName)
  throw new LeluError('LELU_REQUEST_INVALID', 'The tenant of a caller is a non-empty string.', {
    help: 'Pass the tenant that your own authentication established; leave `tenant` out only for callers who may see every tenant.',
  })
}

/** The page that a list is asked for. Each by its name: a spread would leave out what the object has from its class. */
export function readPage(given: TenantScope & { limit?: number; after?: string }): TenantScope & {
  limit: number
  after?: string
} {
  const tenant = callerTenant(given)
  const { after, limit } = given
  assertAfter(after)
  return {
    limit: pageLimit(limit),
    ...(tenant !== undefined && { tenant }),
    ...(after !== undefined && { after }),
  }
}
