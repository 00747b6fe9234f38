import { given, type Members, object, text } from './exported.ts'

type EntityEvent = {
  activity: { id: number; name: string }
  entity: Members
  outcome: Members
}

const create = { id: 1, name: 'Create' }
const update = { id: 3, name: 'Update' }
const remove = { id: 4, name: 'Delete' }
const disable = { id: 9, name: 'Disable' }
const activate = { id: 10, name: 'Activate' }
const deactivate = { id: 11, name: 'Deactivate' }
const suspend = { id: 12, name: 'Suspend' }
const resume = { id: 13, name: 'Resume' }

/** What happens to what. The id of the entity is the ref of that name, or the member. */
const kinds: Record<string, { activity: { id: number; name: string }; type: string; id: string }> =
  {
    'approval.requested': { activity: create, type: 'approval', id: 'approval' },
    'approval.decided': { activity: update, type: 'approval', id: 'approval' },
    'approval.escalated': { activity: update, type: 'approval', id: 'approval' },
    'approval.reconciled': { activity: update, type: 'approval', id: 'approval' },
    'approval.cancelled': { activity: deactivate, type: 'approval', id: 'approval' },
    'approval.expired': { activity: deactivate, type: 'approval', id: 'approval' },
    'token.minted': { activity: create, type: 'token', id: 'jti' },
    'token.redeemed': { activity: deactivate, type: 'token', id: 'jti' },
    'token.revoked': { activity: disable, type: 'token', id: 'jti' },
    'grant.created': { activity: create, type: 'standing grant', id: 'grant' },
    'grant.used': { activity: update, type: 'standing grant', id: 'grant' },
    'grant.revoked': { activity: disable, type: 'standing grant', id: 'grant' },
    'switch.stopped': { activity: suspend, type: 'agents', id: 'scope' },
    'switch.started': { activity: resume, type: 'agents', id: 'scope' },
    'policy.loaded': { activity: activate, type: 'Policy', id: 'revision' },
    'config.weakened': { activity: update, type: 'configuration', id: 'log' },
    erasure: { activity: remove, type: 'openings', id: 'data_subject' },
  }

const policyType = 5
const otherType = 99

/** Undefined for a kind that is not known here. */
export function entityOf(record: Members): EntityEvent | undefined {
  const kind = String(record.kind)
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (known === undefined) return undefined
  const { activity, type, id } = known
  const { refs, policy, vote, edited } = record
  const named = text(object(refs)[id]) ?? text(object(policy)[id]) ?? text(record[id])
  const uid = named ?? text(record.scope) ?? 'unknown'
  const isPolicy = kind === 'policy.loaded'
  const entity = given({
    uid,
    type,
    type_id: isPolicy ? policyType : otherType,
    policy: isPolicy ? { uid, is_applied: true } : undefined,
  })
  return { activity, entity, outcome: vote === undefined ? {} : voted(vote, edited === true) }
}

/** An edit is an approval of another input: OCSF has the word Modified for it. */
function voted(vote: unknown, edited: boolean): Members {
  if (vote === 'deny') {
    return { action_id: 2, action: 'Denied', disposition_id: 25, disposition: 'Rejected' }
  }
  return edited
    ? { action_id: 4, action: 'Modified', disposition_id: 8, disposition: 'Approved' }
    : { action_id: 1, action: 'Allowed', disposition_id: 8, disposition: 'Approved' }
}
