import type { PolicyAnswer } from '../types.ts'

/** Ids of the reasons that the engine itself gives; all others are of the policy. */
export type PolicyReasonId =
  | 'no_rule_allowed'
  | 'policy_undefined'
  | 'policy_error'
  | 'policy_input_invalid'
  | 'policy_result_invalid'
  | 'obligation_unknown'
  | 'no_eligible_reviewer'
  | 'stopped'

/** Reasons the engine itself gives, with what the model reads. They say nothing of the rules inside. */
export const policyReasons: Readonly<Record<PolicyReasonId, string>> = {
  no_rule_allowed: 'No rule of the policy allows this call.',
  policy_undefined: 'The policy gave no answer, so the call is denied.',
  policy_error: 'The policy could not be evaluated, so the call is denied.',
  policy_input_invalid:
    'The policy was asked with an input it cannot judge, so the call is denied.',
  policy_result_invalid: 'The policy gave an answer that is not valid, so the call is denied.',
  obligation_unknown:
    'The policy asks for an obligation that this host cannot carry out, so the call is denied.',
  no_eligible_reviewer:
    'A person would have to approve this call, and nobody who could is left, so it is denied.',
  stopped: 'All calls of this agent have been stopped.',
}

/** A deny for a reason of the engine's own. */
export function denied(id: PolicyReasonId): PolicyAnswer {
  return {
    effect: 'deny',
    reasons: [{ id, message: policyReasons[id] }],
    obligations: [],
    requirements: [],
  }
}
