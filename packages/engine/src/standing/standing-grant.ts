import type { Reviewer } from '../approvals/record.ts'
import { jsonDigest } from '../digest.ts'
import type { GatedRequest } from '../request/gate.ts'
import type { Json, Requirement } from '../types.ts'

/** What must be the same for a later call: the whole input, or the fields that the policy names (JSON Pointers). */
export type StandingMatch = { fields: string[] | null; digest: string }

/** A reviewer's yes to calls like one that was approved. Times are epoch milliseconds. */
export type StandingGrant = {
  id: string
  tenant: string
  state: 'active' | 'revoked'
  /** Grows by one with every use and every change. */
  revision: number
  agent: string
  tool: string
  server: string | null
  match: StandingMatch
  /** The approval it was made from; its input shows what was meant. */
  approval: string
  by: Reviewer
  reason: string | null
  createdAt: number
  expiresAt: number
  maxUses: number
  uses: number
}

/** The fields that decide whether a call is like another; undefined where the policy forbids standing grants. */
export function matchFields(requirements: readonly Requirement[]): string[] | null | undefined {
  const asked = requirements.map(({ standing }) => standing)
  if (asked.includes(false)) return undefined
  const lists = asked.filter((one) => Array.isArray(one))
  // One requirement that asks for the whole input is not met by some fields of it.
  if (lists.length === 0 || lists.length < asked.length) return null
  return [...new Set(lists.flat())].sort()
}

function at(input: Json, pointer: string): { value: Json } | null {
  let found: Json = input
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return null
    found = (found as { [key: string]: Json })[key] as Json
  }
  return { value: found }
}

/** What names all calls that are alike: agent, tool, server, schema, and the input or its fields. Not the run or the call. */
export function matchOf(
  { request }: Pick<GatedRequest, 'request'>,
  fields: string[] | null,
): StandingMatch {
  const { tenant, subject, call } = request
  // A field that is missing is not one that is null.
  const same = fields === null ? call.input : fields.map((field) => [field, at(call.input, field)])
  // A tool whose schema has changed is another tool.
  const who = [tenant, subject.id, call.tool, call.server ?? null, call.schema ?? null]
  return { fields, digest: jsonDigest('lelu.standing.v1', [...who, fields, same] as Json) }
}

/** Names the one grant for calls like this, among the keys by which calls are found. */
export function standingKey({ digest }: StandingMatch): string {
  // Three members: the key of a call has two, whatever its run and its id are.
  return JSON.stringify(['standing', 'v1', digest])
}

export const standingPrefix = 'grt_'
