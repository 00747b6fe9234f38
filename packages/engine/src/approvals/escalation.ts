import type { Requirement } from '../types.ts'
import type { Change } from './change.ts'
import { escalatedEvent } from './events.ts'
import type { ApprovalRecord } from './record.ts'

/**
 * The requirement with its steps up to `escalatedMs` in force: more people's votes count, never fewer, and as many are
 * needed as before.
 */
export function widened(requirement: Requirement, escalatedMs: number): Requirement {
  const { reviewers, groups, escalation = [] } = requirement
  // Whoever may review already: naming somebody would shut the others out.
  if (reviewers === null && groups === undefined) return requirement
  const steps = escalation.filter(({ afterMs }) => afterMs <= escalatedMs)
  if (steps.length === 0) return requirement
  const people = [...(reviewers ?? []), ...steps.flatMap((step) => step.reviewers ?? [])]
  const members = [...(groups ?? []), ...steps.flatMap((step) => step.groups ?? [])]
  return {
    ...requirement,
    reviewers: people.length === 0 ? null : people,
    ...(members.length > 0 && { groups: members }),
  }
}

/** When its next step is due, epoch ms; null when there is none. The deadline, where it is earlier, comes first. */
export function nextEscalation(record: ApprovalRecord): number | null {
  if (record.state !== 'pending') return null
  const [next] = stepsAhead(record)
  return next === undefined ? null : record.createdAt + next
}

/** Brings the steps into force that are due by `now`, those that an outage has delayed as well. Call when one is. */
export function escalationChange(record: ApprovalRecord, now: number): Change {
  const due = stepsAhead(record).filter((afterMs) => record.createdAt + afterMs <= now)
  const escalatedMs = due.at(-1) ?? record.escalatedMs
  const level = record.level + due.length
  // It says all that a reminder would.
  const next = { state: record.state, level, escalatedMs, remindedAt: now }
  const events = [escalatedEvent(record, level, escalatedMs)]
  return { next, events, window: { notBefore: record.createdAt + escalatedMs } }
}

/** Times of the steps that are not in force yet, of all requirements, in order and each once. */
function stepsAhead({ requirements, escalatedMs }: ApprovalRecord): number[] {
  const times = requirements.flatMap(({ escalation = [] }) => escalation.map((s) => s.afterMs))
  return [...new Set(times)].filter((time) => time > escalatedMs).sort((a, b) => a - b)
}
