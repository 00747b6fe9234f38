import { readFileSync, statSync } from 'node:fs'
import type { Reviewer, Subject } from '@lelu/engine'
import { kindOf } from '../eras/rpc-fault.ts'
import { LeluMcpError } from '../errors.ts'
import { isObject } from '../is-object.ts'
import type { Principal, Scope } from '../surface/principal.ts'

/**
 * The file of principals, as JSON: by the SHA-256 (hex) of a bearer token, who sends it. `{"principals": {"9f86…":
 * {"subject": {"type": "agent", "id": "trader-1"}, "tenant": "default", "scopes": ["call"], "reviewer": null}}}`.
 * `scopes` defaults to `call` and `audit:read`. It holds no token: whoever reads it can send none.
 */
export function readTokenFile(path: string): ReadonlyMap<string, Principal> {
  let text: string
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o022) !== 0)
      throw invalid(
        `The file of principals ${path} can be written by others.`,
        `chmod go-w ${path}`,
      )
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof LeluMcpError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw invalid(`The file of principals ${path} cannot be read (${code}).`, 'Check the path.')
  }
  return parsePrincipals(text, path)
}

function invalid(message: string, help: string): LeluMcpError {
  return new LeluMcpError('LELU_MCP_PRINCIPALS_INVALID', message, { help })
}

/** Throws `LELU_MCP_PRINCIPALS_INVALID` for anything that is not exactly what is expected: no entry is skipped. */
export function parsePrincipals(text: string, path: string): ReadonlyMap<string, Principal> {
  let file: unknown
  try {
    file = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // The parser's own message quotes the text.
    throw invalid(`The file of principals ${path} is not JSON (${kindOf(error)}).`, 'Correct it.')
  }
  const entries = isObject(file) && isObject(file.principals) ? file.principals : undefined
  if (entries === undefined)
    throw invalid(`The file ${path} has no object \`principals\`.`, 'Add it: see docs/mcp.md.')
  const principals = new Map<string, Principal>()
  for (const [index, [digest, entry]] of Object.entries(entries).entries()) {
    const where = `Entry ${index + 1} of ${path}`
    if (!/^[0-9a-f]{64}$/.test(digest))
      throw invalid(
        `${where} is not named by a SHA-256 in hex.`,
        'Name it by: printf %s "$TOKEN" | sha256sum',
      )
    principals.set(digest, principalFrom(entry, where))
  }
  return principals
}

const scopes: readonly Scope[] = ['call', 'approvals:read', 'approvals:decide', 'audit:read']
const keys = ['subject', 'tenant', 'scopes', 'reviewer']

function principalFrom(entry: unknown, where: string): Principal {
  if (!isObject(entry) || Object.keys(entry).some((key) => !keys.includes(key)))
    throw invalid(`${where} is no principal.`, `Its keys are ${keys.join(', ')}.`)
  const { subject, tenant = 'default', scopes: given = ['call', 'audit:read'], reviewer } = entry
  if (!isSubject(subject))
    throw invalid(`${where} has no subject.`, 'Add {"type": "agent", "id": "…"}.')
  if (typeof tenant !== 'string' || tenant === '')
    throw invalid(`${where} has a tenant that is no name.`, 'Leave it out for `default`.')
  if (!Array.isArray(given) || !given.every((scope) => scopes.includes(scope as Scope)))
    throw invalid(`${where} has scopes that do not exist.`, `Scopes are ${scopes.join(', ')}.`)
  const person = reviewer ?? null
  if (person !== null && !isReviewer(person))
    throw invalid(`${where} has a reviewer that is none.`, 'Give {"id": "…", "groups": ["…"]}.')
  if (given.includes('approvals:decide') && person === null)
    throw invalid(
      `${where} may decide, but names no reviewer.`,
      'Add the reviewer, or take the scope approvals:decide away.',
    )
  return {
    key: `token|${JSON.stringify([tenant, ...chain(subject)])}`,
    subject,
    tenant,
    scopes: given as Scope[],
    reviewer: person === null ? null : { issuer: 'lelu-mcp:token', ...person, method: 'token' },
  }
}

/** Who the principal is for good: a token that is replaced by another leaves its approvals and tasks where they are. */
function chain({ type, id, actingFor }: Subject): string[] {
  return [type, id, ...(actingFor === undefined ? [] : chain(actingFor))]
}

function isSubject(value: unknown): value is Subject {
  if (!isObject(value)) return false
  const { type, id, actingFor } = value
  const isKnown = type === 'agent' || type === 'user' || type === 'service'
  return isKnown && isName(id) && (actingFor === undefined || isSubject(actingFor))
}

function isReviewer(value: unknown): value is Omit<Reviewer, 'method' | 'issuer'> {
  if (!isObject(value) || !isName(value.id)) return false
  const { id: _id, groups = [], ...more } = value
  return Array.isArray(groups) && groups.every(isName) && Object.keys(more).length === 0
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
