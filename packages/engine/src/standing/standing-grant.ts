import type { Reviewer } from '../approvals/record.ts'
import { requirementsMet } from '../approvals/review.ts'
import { chainOf } from '../chain.ts'
import { jsonDigest } from '../digest.ts'
import type { GatedRequest } from '../request/gate.ts'
import type { Json, Requirement, Subject, ToolEffect } from '../types.ts'

/** What must be the same for a later call: the whole input, or the fields that the policy names (JSON Pointers). */
export type StandingMatch = { fields: string[] | null; digest: string }

/** A reviewer's yes to calls like one that was approved. Times are epoch milliseconds. */
export type StandingGrant = {
  id: string
  tenant: string
  state: 'active' | 'revoked'
  /** Grows by one with every use and every change. */
  revision: number
  /** The agent, and whomever it acts for, to the end of the chain: for others it is another call. */
  subjects: { id: string; type: Subject['type'] }[]
  tool: string
  effect: ToolEffect
  server: string | null
  match: StandingMatch
  /** The approval it was made from; its input shows what was meant. */
  approval: string
  by: Reviewer
  reason: string | null
  /** When such calls first had a grant. */
  createdAt: number
  /** When these terms were given: a grant that is made again has new ones. */
  grantedAt: number
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

/** As RFC 6901 writes it. An array has more members of its own: all lists of one length would be alike by `length`. */
const isIndex = (key: string) => /^(?:0|[1-9]\d*)$/.test(key)

/** What an input has at a JSON Pointer; null where it has nothing. */
export function fieldOf(input: Json, pointer: string): { value: Json } | null {
  let found: Json = input
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return null
    if (Array.isArray(found) && !isIndex(key)) return null
    found = (found as { [key: string]: Json })[key] as Json
  }
  return { value: found }
}

/** Everybody in the chain, the agent first. */
export function subjectsOf(subject: Subject): StandingGrant['subjects'] {
  return chainOf(subject).map(({ id, type }) => ({ id, type }))
}

/**
 * What names all calls that are alike: the whole chain, tool, effect, server, schema, resource, and the input or its fields. Not
 * the run or the call. Without the chain, a reviewer could allow what the agent later does for the reviewer.
 */
export function matchOf(
  { request }: Pick<GatedRequest, 'request'>,
  fields: string[] | null,
): StandingMatch {
  const { tenant, subject, call, resource } = request
  // A field that is missing is not one that is null.
  const same =
    fields === null ? call.input : fields.map((field) => [field, fieldOf(call.input, field)])
  // A tool whose schema has changed is another tool.
  const effect = call.effect ?? 'non_idempotent'
  const what = [call.tool, effect, call.server ?? null, call.schema ?? null]
  const where = resource === undefined ? null : [resource.type, resource.id]
  const alike = [tenant, subjectsOf(subject), ...what, where, fields, same]
  return { fields, digest: jsonDigest('lelu.standing.v1', alike as Json) }
}

/** Names the one grant for calls like this, among the keys by which calls are found. */
export function standingKey({ digest }: StandingMatch): string {
  // Three members: the key of a call has two, whatever its run and its id are.
  return JSON.stringify(['standing', 'v1', digest])
}

/** Whether this person's yes alone is all that the requirements ask for. */
export function isEnough(by: Reviewer, requirements: readonly Requirement[]): boolean {
  const vote = { reviewer: by, verdict: 'approve' as const, digest: '', reason: null, at: 0 }
  return requirementsMet(requirements, [vote], '')
}

export const standingPrefix = 'grt_'
