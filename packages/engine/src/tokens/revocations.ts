import type { AuditLog } from '@lelu/audit'
import type { ApprovalRecord, Reviewer } from '../approvals/record.ts'
import { chainOf } from '../chain.ts'
import { LeluError } from '../errors.ts'
import { maxId, maxName } from '../request/gate.ts'
import { onlyMember } from '../request/only-member.ts'
import { checkText } from '../request/read-members.ts'
import type { EngineStore } from '../store/engine-store.ts'
import type { ReadMarks } from '../store/marks.ts'
import { timedBy } from '../store/timed.ts'
import type { Subject } from '../types.ts'
import { refuseToken } from './refusal.ts'

/** What can be revoked at large. Everything approved before that moment is void at its next redeem. */
export type RevocationScope =
  | { agent: string }
  | { user: string }
  | { key: string }
  | { tenant: string }
  | { all: true }

export type Revocations = {
  revoke(scope: RevocationScope, reason: string, by: Reviewer | null): Promise<void>
  /** Throws `LELU_TOKEN_REFUSED` (`token_revoked`) when a revocation covers the approval; a store that is down throws too. */
  assertNone(record: ApprovalRecord, kid: string): Promise<void>
  /** Whether a revocation at large covers what this subject was allowed at `since`. */
  covers(request: { subject: Subject }, tenant: string, since: number): Promise<boolean>
}

type Options = {
  store: EngineStore
  readMarks: ReadMarks
  audit: AuditLog
  /** No earlier than any time that something was allowed at. */
  latest: () => number
  /** Reads the clock of the database again. */
  refresh: () => Promise<void>
  deadlineMs: number
}

const scopeName = (kind: string, id: string) => `${kind}:${id}`

/** What is revoked by a name, without a look at what is stored. */
const named: readonly string[] = ['agent', 'user', 'key', 'tenant']
const kinds: readonly string[] = ['token', 'approval', 'grant', ...named]

/** What a revocation is about. Throws `LELU_REQUEST_INVALID` unless it is one thing. */
export function readTarget(target: object): [kind: string, id: string] {
  const [kind = '', id] = onlyMember(target) ?? []
  if (kind === 'all' && id === true) return [kind, kind]
  if (kinds.includes(kind) && typeof id === 'string' && id !== '') {
    // A name that no call can have covers nothing: refused before the log says that it did.
    if (named.includes(kind)) checkText(id, `target.${kind}`, kind === 'tenant' ? maxName : maxId)
    return [kind, id]
  }
  throw new LeluError(
    'LELU_REQUEST_INVALID',
    'A revocation names exactly one of: token, approval, grant, agent, user, key, tenant, all.',
    {
      help: 'Pass for example { agent: "trader-1" }, and revoke once for each.',
    },
  )
}

function nameOf(scope: RevocationScope): string {
  const [kind, id] = readTarget(scope)
  return kind === 'all' ? kind : scopeName(kind, id)
}

function scopesOf(request: { subject: Subject }, tenant: string): string[] {
  // Everybody in the chain counts under both words: a revoked person is revoked however they are called.
  const people = chainOf(request.subject).flatMap(({ id }) => [
    scopeName('agent', id),
    scopeName('user', id),
  ])
  return ['all', scopeName('tenant', tenant), ...people]
}

function isCovered(found: Record<string, number>, scopes: string[], since: number): boolean {
  return scopes.some((scope) => Object.hasOwn(found, scope) && since <= (found[scope] as number))
}

/** Watermarks: one time for each scope, read from the store itself at every mint and redeem. */
export function createRevocations({
  store,
  readMarks,
  audit,
  latest,
  refresh,
  deadlineMs,
}: Options): Revocations {
  const timed = timedBy(deadlineMs)
  return {
    async revoke(scope, reason, by) {
      const name = nameOf(scope)
      store.assertOpen() // its log may be another engine's as well, and still take what this one cannot do
      // A reading of hours ago may be behind the database: what others allowed since would not be covered.
      await refresh()
      // The log first: a revocation that holds but is nowhere recorded must not exist.
      await audit.append({
        kind: 'token.revoked',
        tenant: 'tenant' in scope ? scope.tenant : 'default',
        scope: name,
        reason,
        reviewer: by,
        refs: {},
      })
      await timed(store.setWatermark(name, latest()), 'revoking')
    },
    async assertNone(record, kid) {
      const keyScope = scopeName('key', kid)
      const scopes = scopesOf(record.request, record.tenant)
      const found = await readMarks([keyScope, ...scopes])
      // Whoever has a stolen key can write any time into a token: a revoked key is void for good.
      if (Object.hasOwn(found, keyScope)) throw refuseToken('token_revoked', undefined, kid)
      const since = record.approvedAt ?? record.createdAt
      if (isCovered(found, scopes, since)) throw refuseToken('token_revoked')
    },
    async covers(request, tenant, since) {
      const scopes = scopesOf(request, tenant)
      return isCovered(await readMarks(scopes), scopes, since)
    },
  }
}
