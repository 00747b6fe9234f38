import type { EscalationStep, Json, Requirement } from '../types.ts'
import type { Member } from './read-member.ts'
import { isNames, readSpan } from './words.ts'

/** What a `require_approval` member may say beside `id` and `reason`. */
export const requirementKeys: readonly string[] = [
  'reviewers',
  'groups',
  'quorum',
  'veto',
  'standing',
  'expires_in',
  'remind_every',
  'escalate',
]

const maxSteps = 5
/** Each reminder is a write, and a message to people. */
const minRemindMs = 60_000

/** The requirement of a `require_approval` member, or null when a part of it is not valid. */
export function readRequirement({ id, extra }: Member): Requirement | null {
  const { reviewers, groups, veto, standing, quorum = 1 } = extra
  const { expires_in: expires, remind_every: remind, escalate } = extra
  if (reviewers !== undefined && !isNames(reviewers)) return null
  if (groups !== undefined && !isNames(groups)) return null
  if (veto !== undefined && typeof veto !== 'boolean') return null
  if (standing !== undefined && !isStanding(standing)) return null
  if (typeof quorum !== 'number' || !Number.isInteger(quorum) || quorum < 1 || quorum > 20)
    return null
  const expiresInMs = expires === undefined ? null : readSpan(expires)
  if (expires !== undefined && expiresInMs === null) return null
  const remindEveryMs = remind === undefined ? undefined : readSpan(remind)
  if (remindEveryMs === null || (remindEveryMs !== undefined && remindEveryMs < minRemindMs))
    return null
  const escalation = escalate === undefined ? undefined : readSteps(escalate, expiresInMs)
  if (escalation === null) return null
  const requirement: Requirement = {
    id,
    quorum,
    reviewers: reviewers ?? null,
    ...(groups !== undefined && { groups }),
    ...(veto !== undefined && { veto }),
    ...(standing !== undefined && { standing }),
    ...(remindEveryMs !== undefined && { remindEveryMs }),
    ...(escalation !== undefined && { escalation }),
    expiresInMs,
  }
  return isReachable(requirement) ? requirement : null
}

/** More votes than there are reviewers could never be given: the call would hang until it expires. */
function isReachable({ reviewers, groups, escalation = [], quorum }: Requirement): boolean {
  const hasGroups = groups !== undefined || escalation.some((step) => step.groups !== undefined)
  if (reviewers === null || hasGroups) return true
  const named = new Set([...reviewers, ...escalation.flatMap((step) => step.reviewers ?? [])])
  return named.size >= quorum
}

/** The steps of an escalation, the earliest first. Each names somebody, and none comes when it is too late. */
function readSteps(value: Json, expiresInMs: number | null): EscalationStep[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxSteps) return null
  const steps: EscalationStep[] = []
  for (const one of value) {
    const step = readStep(one)
    if (step === null || step.afterMs <= (steps.at(-1)?.afterMs ?? 0)) return null
    if (expiresInMs !== null && step.afterMs >= expiresInMs) return null
    steps.push(step)
  }
  return steps
}

const stepKeys: readonly string[] = ['after', 'reviewers', 'groups']

function readStep(value: Json): EscalationStep | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { after, reviewers, groups } = value
  if (!Object.keys(value).every((key) => stepKeys.includes(key))) return null
  if (reviewers !== undefined && !isNames(reviewers)) return null
  if (groups !== undefined && !isNames(groups)) return null
  if (reviewers === undefined && groups === undefined) return null
  const afterMs = after === undefined ? null : readSpan(after)
  if (afterMs === null) return null
  return { afterMs, ...(reviewers && { reviewers }), ...(groups && { groups }) }
}

/** A word, or JSON Pointers: a list that is empty would match every input. */
function isStanding(value: Json): value is boolean | string[] {
  return typeof value === 'boolean' || (isNames(value) && value.every((one) => one.startsWith('/')))
}
