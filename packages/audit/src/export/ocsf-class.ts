import { given, type Members, object, text } from './exported.ts'
import { entityOf } from './ocsf-entity.ts'

export type OcsfClass = {
  uid: number
  category: number /** Whether the profile `trace` applies. */
  traced: boolean
}
type Activity = { id: number; name: string }
type Classified = { class: OcsfClass; activity: Activity; attributes: Members }

const apiActivity: OcsfClass = { uid: 6003, category: 6, traced: true }
const entityManagement: OcsfClass = { uid: 3004, category: 3, traced: false }
const applicationLifecycle: OcsfClass = { uid: 6002, category: 6, traced: false }
const baseEvent: OcsfClass = { uid: 0, category: 0, traced: false }

const lifecycle: Record<string, Activity> = {
  genesis: { id: 3, name: 'Start' },
  close: { id: 4, name: 'Stop' },
  recovery: { id: 99, name: 'recovery' },
  peers: { id: 99, name: 'peers' },
  heartbeat: { id: 99, name: 'heartbeat' },
  backlog: { id: 99, name: 'backlog' },
  full: { id: 99, name: 'full' },
  resumed: { id: 99, name: 'resumed' },
}

const success = { status_id: 1, status: 'Success' }
const failure = { status_id: 2, status: 'Failure' }

/** The class, the activity and what only that class says. */
export function classify(record: Members): Classified {
  const kind = String(record.kind)
  if (kind === 'decision') return api(record, decided(record))
  if (kind === 'outcome') return api(record, ended(record))
  if (Object.hasOwn(lifecycle, kind)) {
    const app = given({ name: 'Lelu', vendor_name: 'Lelu', uid: text(record.stream) })
    return {
      class: applicationLifecycle,
      activity: lifecycle[kind] as Activity,
      attributes: { app },
    }
  }
  const entity = entityOf(record)
  if (entity === undefined) {
    return { class: baseEvent, activity: { id: 99, name: kind }, attributes: {} }
  }
  const attributes = given({
    entity: entity.entity,
    actor: reviewer(record) ?? agent(record),
    comment: text(record.reason),
    ...entity.outcome,
  })
  return { class: entityManagement, activity: entity.activity, attributes }
}

/** The call of a tool, by whom it was made and for whom. */
function api(record: Members, more: Members): Classified {
  const { name, server, effect } = object(record.tool)
  const call = text(record.call)
  const by = text(object(record.agent).id)
  const { response, ...others } = more
  const attributes = given({
    actor: agent(record) ?? { app_name: 'unknown' },
    api: given({
      operation: text(name) ?? 'unknown',
      service: { name: text(server) ?? 'local' },
      request: call === undefined ? undefined : { uid: call },
      response,
    }),
    src_endpoint: { name: by ?? 'unknown' },
    ...others,
  })
  const activity =
    effect === 'read' ? { id: 2, name: 'Read' } : { id: 99, name: text(effect) ?? 'call' }
  return { class: apiActivity, activity, attributes }
}

const dispositions: Record<string, Members> = {
  allow: { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed', ...success },
  deny: { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked', ...failure },
  require_approval: {
    ...{ action_id: 99, action: 'require_approval', disposition_id: 14, disposition: 'Delayed' },
    ...{ status_id: 99, status: 'require_approval' },
  },
}

function decided({ decision, policy, reasons }: Members): Members {
  const effect = text(decision) ?? ''
  const revision = text(object(policy).revision)
  const rules = revision === undefined ? undefined : { uid: revision, is_applied: true }
  const first = object(Array.isArray(reasons) ? reasons[0] : undefined)
  return given({
    ...(Object.hasOwn(dispositions, effect) ? dispositions[effect] : {}),
    status_code: text(first.id),
    status_detail: text(first.message),
    policy: rules,
    authorizations: [given({ decision: effect || undefined, policy: rules })],
  })
}

function ended({ result }: Members): Members {
  const { status, error_code, duration_ms } = object(result)
  const ends: Record<string, Members> = {
    completed: success,
    failed: failure,
    not_run: { status_id: 99, status: 'not_run' },
  }
  const word = text(status) ?? 'unknown'
  return given({
    ...(Object.hasOwn(ends, word) ? ends[word] : { status_id: 0, status: 'Unknown' }),
    status_code: text(error_code),
    duration: Number.isSafeInteger(duration_ms) ? duration_ms : undefined,
    response: given({ message: word, error: text(error_code) }),
  })
}

/** The agent is the application; the user is the one it acts for. */
function agent({ agent: by, acting_for }: Members): Members | undefined {
  const { id, type } = object(by)
  const uid = text(id)
  if (uid === undefined) return undefined
  const principal = object(acting_for)
  const user = text(principal.id) === undefined ? { id: uid, type } : principal
  return { app_uid: uid, user: userOf(user) }
}

function reviewer({ reviewer: who }: Members): Members | undefined {
  const { id, issuer, method } = object(who)
  if (text(id) === undefined) return undefined
  const idp = given({ name: text(issuer) })
  return given({
    user: { uid: id, type_id: 1, type: 'User' },
    idp: Object.keys(idp).length > 0 ? idp : undefined,
    session: text(method) === undefined ? undefined : { issuer: method },
  })
}

function userOf({ id, type }: Members): Members {
  if (type === 'user') return { uid: id, type_id: 1, type: 'User' }
  if (type === 'service') return { uid: id, type_id: 4, type: 'Service' }
  return given({ uid: id, type_id: 99, type: text(type) })
}
