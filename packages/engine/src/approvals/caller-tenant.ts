import { LeluError } from '../errors.ts'
import { maxName } from '../request/gate.ts'
import { checkText } from '../request/read-members.ts'

/** Whose records are reached by an id. */
export type TenantScope = {
  /** The tenant of the caller, from the host's authentication: another's id answers what an unknown one does. Without it, every tenant is reached. */
  tenant?: string
}

/**
 * The tenant of the caller, or undefined where none was given. An empty or undefined one that is given all the same is
 * refused: an authentication that found no tenant must not open everybody's. So is one that no call can have.
 */
export function callerTenant(scope: TenantScope): string | undefined {
  if (!Object.hasOwn(scope, 'tenant')) return undefined
  const { tenant } = scope
  if (typeof tenant === 'string' && tenant !== '') return checkText(tenant, 'tenant', maxName)
  throw new LeluError('LELU_REQUEST_INVALID', 'The tenant of a caller is a non-empty string.', {
    help: 'Pass the tenant that your own authentication established; leave `tenant` out only for callers who may see every tenant.',
  })
}
