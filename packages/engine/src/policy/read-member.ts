import { toWellFormed } from '../request/unicode.ts'
import type { Json, Obligation, Reason, Requirement } from '../types.ts'

/** One member of a rule's set. Thrown away whole when a part of it is not valid. */
export type Member = { id: string; message: string; extra: { [key: string]: Json } }

const maxMembers = 32
const maxId = 128
const maxMessage = 400
const maxExpirySeconds = 366 * 24 * 3600
const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 }

// Reasons may be built from what a model wrote: none of it may steer a terminal or break a line of a log.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g

/** A rule's value: undefined and false are not true; true is one member of the rule's own name. Null: not valid. */
export function readRule(
  name: string,
  value: Json | undefined,
  message: string,
  extras: readonly string[],
): Member[] | null {
  if (value === undefined || value === false) return []
  if (value === true) return [{ id: name, message, extra: {} }]
  // The bound keeps the record of a decision within one line of the audit log.
  if (!Array.isArray(value) || value.length > maxMembers) return null
  const members = value.map((member) => readMember(member, extras))
  return members.includes(null) ? null : (members as Member[])
}

function readMember(value: Json, extras: readonly string[]): Member | null {
  if (typeof value === 'string')
    return isId(value) ? { id: value, message: plain(value), extra: {} } : null
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { id, reason, ...extra } = value
  if (typeof id !== 'string' || !isId(id)) return null
  if (reason !== undefined && (typeof reason !== 'string' || reason === '')) return null
  // A misspelt `quorum` that was dropped would be a weaker requirement than the one that was written.
  if (!Object.keys(extra).every((key) => extras.includes(key))) return null
  return { id, message: plain(reason ?? id), extra }
}

export function toReason({ id, message }: Member): Reason {
  return { id, message }
}

/** The requirement of a `require_approval` member, or null when a part of it is not valid. */
export function readRequirement({ id, extra }: Member): Requirement | null {
  const { reviewers, groups, veto, standing, quorum = 1, expires_in: expires } = extra
  if (reviewers !== undefined && !isNames(reviewers)) return null
  if (groups !== undefined && !isNames(groups)) return null
  if (veto !== undefined && typeof veto !== 'boolean') return null
  if (standing !== undefined && !isStanding(standing)) return null
  if (typeof quorum !== 'number' || !Number.isInteger(quorum) || quorum < 1 || quorum > 20)
    return null
  // More votes than there are reviewers could never be given: the call would hang until it expires.
  if (reviewers !== undefined && groups === undefined && quorum > reviewers.length) return null
  const seconds = expires === undefined ? null : readSeconds(expires)
  if (expires !== undefined && seconds === null) return null
  return {
    id,
    quorum,
    reviewers: reviewers ?? null,
    ...(groups !== undefined && { groups }),
    ...(veto !== undefined && { veto }),
    ...(standing !== undefined && { standing }),
    expiresInMs: seconds === null ? null : Math.ceil(seconds * 1000),
  }
}

/** A word, or JSON Pointers: a list that is empty would match every input. */
function isStanding(value: Json): value is boolean | string[] {
  return typeof value === 'boolean' || (isNames(value) && value.every((one) => one.startsWith('/')))
}

function isNames(value: Json): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 100) return false
  return (
    value.every((one) => typeof one === 'string' && isId(one)) &&
    new Set(value).size === value.length
  )
}

/** Seconds as a number, or a text like `15m`, `24h`, `90s`, `7d`. */
function readSeconds(value: Json): number | null {
  const parts = typeof value === 'string' ? /^([1-9]\d{0,7})([smhd])$/.exec(value) : null
  const seconds = parts ? Number(parts[1]) * secondsOf[parts[2] as keyof typeof secondsOf] : value
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= maxExpirySeconds)) return null
  return seconds
}

/** The set of obligations: a text is a type without parameters. Null: not valid. */
export function readObligations(value: Json | undefined): Obligation[] | null {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > maxMembers) return null
  const obligations = value.map((one) => (typeof one === 'string' ? { type: one } : one))
  return obligations.every(isObligation) ? obligations : null
}

function isObligation(value: Json): value is Obligation {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.hasOwn(value, 'type') && typeof value.type === 'string' && isId(value.type)
}

function isId(text: string): boolean {
  return text !== '' && text.length <= maxId && plain(text) === text
}

function plain(text: string): string {
  const line = toWellFormed(text.replace(controls, ' '))
  return line.length > maxMessage ? `${toWellFormed(line.slice(0, maxMessage - 1))}…` : line
}
