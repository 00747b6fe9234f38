import type { Json, Obligation, Reason } from '../types.ts'
import { isId, plain } from './words.ts'

/** One member of a rule's set. Thrown away whole when a part of it is not valid. */
export type Member = { id: string; message: string; extra: { [key: string]: Json } }

const maxMembers = 32

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
