import type { Json, PolicyAnswer, Requirement } from '../types.ts'
import { type Member, readObligations, readRule, toReason } from './read-member.ts'
import { readRequirement, requirementKeys } from './read-requirement.ts'
import { denied } from './reasons.ts'

const rules = ['allow', 'require_approval', 'deny', 'obligations']

const nothing: readonly string[] = []

/** Of reasons and requirements together: half of a line, which also holds the names of the call. */
const maxRequestBytes = 32 * 1024

/**
 * Reads the values of the four rules, as the policy gave them, with the obligations this host carries out.
 * Restrictiveness decides: deny, then require_approval, then allow; nothing true is a deny. One part that is
 * not valid makes the whole answer a deny, also when `allow` is true: an unknown answer is never permission.
 */
export function readDecision(value: unknown, obligations: readonly string[]): PolicyAnswer {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return denied('policy_undefined')
  const answer = value as { [rule: string]: Json }
  if (!Object.keys(answer).every((rule) => rules.includes(rule)))
    return denied('policy_result_invalid')
  const own = (rule: string): Json | undefined =>
    Object.hasOwn(answer, rule) ? answer[rule] : undefined

  const deny = readRule('deny', own('deny'), 'The policy denies this call.', nothing)
  const approval = readRule(
    'require_approval',
    own('require_approval'),
    'The policy asks for an approval.',
    requirementKeys,
  )
  const allow = readRule('allow', own('allow'), 'The policy allows this call.', nothing)
  const requirements = approval?.map(readRequirement) ?? [null]
  const asked = readObligations(own('obligations'))

  if (deny === null || allow === null || asked === null || !isWhole(requirements)) {
    return withDeny(denied('policy_result_invalid'), deny)
  }
  if (!asked.every(({ type }) => obligations.includes(type)))
    return withDeny(denied('obligation_unknown'), deny)
  if (deny.length > 0)
    return { effect: 'deny', reasons: deny.map(toReason), obligations: asked, requirements: [] }
  if (approval !== null && approval.length > 0) {
    if (isTooLong([approval, requirements])) return denied('policy_result_invalid')
    return {
      effect: 'require_approval',
      reasons: approval.map(toReason),
      obligations: asked,
      requirements,
    }
  }
  if (allow.length > 0)
    return { effect: 'allow', reasons: allow.map(toReason), obligations: asked, requirements: [] }
  return { ...denied('no_rule_allowed'), obligations: asked }
}

/**
 * The request for an approval is one line of the audit log, which has a bound: without this one it would be found only when
 * the call is stored already, and each load of it would fail.
 */
function isTooLong(asked: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(asked)) > maxRequestBytes
}

function isWhole(requirements: (Requirement | null)[]): requirements is Requirement[] {
  return !requirements.includes(null)
}

/** The auditor also sees what a broken answer denied in words. */
function withDeny(answer: PolicyAnswer, deny: Member[] | null): PolicyAnswer {
  return { ...answer, reasons: [...answer.reasons, ...(deny ?? []).map(toReason)] }
}
