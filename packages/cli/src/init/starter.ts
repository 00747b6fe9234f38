/** What `lelu init` writes: path inside the folder, and text. A test checks and runs it with the real compiler. */
export const starterFiles: readonly { path: string; text: string }[] = [
  { path: 'policies/policy.rego', text: policy() },
  { path: 'policies/policy_test.rego', text: policyTest() },
  { path: 'policies/data.json', text: data() },
]

/** A call that the starter policy decides, for the first `lelu decide`. */
export const sampleRequest: string = `{
  "subject": { "id": "trader-1", "type": "agent" },
  "call": { "id": "call-1", "tool": "trade", "input": { "symbol": "ACME", "amount": 100 } },
  "confidence": { "method": "external", "trust": "claimed", "value": 0.85, "score": null }
}
`

function policy(): string {
  return `# What your agents may do.
#
# Three rules answer: deny wins over require_approval, and require_approval over allow.
# When none of them is true, the call is denied. The numbers are in data.json, the tests in policy_test.rego.
#
#   lelu policy check policies
#   lelu policy test policies
package lelu.authz

# Sure enough: the call runs.
# input.confidence is a number from 0 to 1. It is 0 when nobody knows how sure the model was, so an unknown
# confidence never counts as a high one. input.signal tells whose number it is.
allow contains {"id": "sure_enough", "reason": "The agent is sure enough of this call."} if {
	limits := data.actions[input.action]
	input.confidence >= limits.allow_from
}

# Less sure: a person decides before the tool runs.
require_approval contains {"id": "not_sure_enough", "reason": "The agent is not sure enough to do this alone."} if {
	limits := data.actions[input.action]
	input.confidence < limits.allow_from
}

# Some actions are always for a person to decide.
require_approval contains {"id": "always_reviewed", "reason": "A person decides every call of this tool."} if {
	data.actions[input.action].always_review
}

# Far too unsure: not worth anybody's time.
deny contains {"id": "too_unsure", "reason": "The agent is too unsure of this call."} if {
	limits := data.actions[input.action]
	input.confidence < limits.deny_below
}
`
}

function policyTest(): string {
  return `package lelu.authz_test

import data.lelu.authz

# The tests bring numbers of their own, so that you can change data.json freely.
actions := {
	"trade": {"allow_from": 0.9, "deny_below": 0.5},
	"send_email": {"allow_from": 0.9, "deny_below": 0.5, "always_review": true},
}

test_sure_call_is_allowed if {
	count(authz.allow) == 1 with input as {"action": "trade", "confidence": 0.9} with data.actions as actions
	count(authz.require_approval) == 0 with input as {"action": "trade", "confidence": 0.9} with data.actions as actions
	count(authz.deny) == 0 with input as {"action": "trade", "confidence": 0.9} with data.actions as actions
}

test_less_sure_call_is_reviewed if {
	count(authz.allow) == 0 with input as {"action": "trade", "confidence": 0.89} with data.actions as actions
	count(authz.require_approval) == 1 with input as {"action": "trade", "confidence": 0.89} with data.actions as actions
	count(authz.deny) == 0 with input as {"action": "trade", "confidence": 0.89} with data.actions as actions
}

test_unknown_confidence_is_denied if {
	count(authz.deny) == 1 with input as {"action": "trade", "confidence": 0} with data.actions as actions
}

test_email_is_reviewed_however_sure if {
	count(authz.require_approval) == 1 with input as {"action": "send_email", "confidence": 1} with data.actions as actions
}

test_unknown_action_gets_no_answer if {
	count(authz.allow) == 0 with input as {"action": "delete_database", "confidence": 1} with data.actions as actions
	count(authz.require_approval) == 0 with input as {"action": "delete_database", "confidence": 1} with data.actions as actions
}
`
}

function data(): string {
  return `{
  "actions": {
    "search": { "allow_from": 0, "deny_below": 0 },
    "trade": { "allow_from": 0.9, "deny_below": 0.5 },
    "send_email": { "allow_from": 0.9, "deny_below": 0.5, "always_review": true }
  }
}
`
}
