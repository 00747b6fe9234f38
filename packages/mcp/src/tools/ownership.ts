import { type Approval, isLeluError, isSamePerson, type Lelu, type Subject } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'
import { seesAllApprovals } from '../surface/rights.ts'

/** Everybody in the chain, the caller first. */
function chain(subject: Subject): { id: string; type: string }[] {
  const { id, type, actingFor } = subject
  return [{ id, type }, ...(actingFor === undefined ? [] : chain(actingFor))]
}

/** Whether both are the same caller, for the same people to the end of the chain. */
export function sameSubject(one: Subject, other: Subject): boolean {
  return JSON.stringify(chain(one)) === JSON.stringify(chain(other))
}

/** Whether the call is this principal's own. An id alone proves nothing: it may have been read in a log or a chat. */
export function owns({ tenant, subject }: Principal, approval: Approval): boolean {
  return approval.tenant === tenant && sameSubject(approval.request.subject, subject)
}

/** Whether this principal may see it: its own, or everybody's of its tenant by scope. */
export function maySee(principal: Principal, approval: Approval): boolean {
  const { tenant } = principal
  return approval.tenant === tenant && (seesAllApprovals(principal) || owns(principal, approval))
}

/** Whether anybody of the principal's chain is one for whom the call is made: then it is the principal's own matter. */
export function isInvolved({ subject }: Principal, { request }: Approval): boolean {
  return chain(request.subject).some((one) => chain(subject).some((own) => isSamePerson(one, own)))
}

type Reading = { approvals: Pick<Lelu['approvals'], 'get'> }

/** The approval, when it is there and `may` holds; undefined for both an unknown and a foreign one. */
export async function findApproval(
  { approvals }: Reading,
  id: string,
  principal: Principal,
  may: (principal: Principal, approval: Approval) => boolean,
): Promise<Approval | undefined> {
  try {
    const approval = await approvals.get(id, { tenant: principal.tenant })
    return may(principal, approval) ? approval : undefined
  } catch (error) {
    if (isLeluError(error) && error.code === 'LELU_APPROVAL_NOT_FOUND') return undefined
    throw error
  }
}
