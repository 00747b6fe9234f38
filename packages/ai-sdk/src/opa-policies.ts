import type { PolicySource } from '@lelu/engine'
import { invalidOptions } from '@lelu/engine/adapter'

/** A rule as `@ai-sdk/policy-opa` names it, such as `agent/call/decision`. */
const pathPattern = /^[A-Za-z_]\w*(\/[A-Za-z_]\w*)+$/

/** The answer of the rule at a path, to the very document that `opaPolicy` makes, when the client was asked for it. */
function answerAt(path: string): string {
  const rule = path.split('/').map((name) => `[${JSON.stringify(name)}]`)
  return `
answers contains answer if {
	input.context.opa.path == ${JSON.stringify(path)}
	document := input.context.opa.input
	value := data${rule.join('')} with input as document

	# Of any type: else the compiler refuses to read a word that this rule never says.
	answer := object.get({"value": value}, "value", null)
}`
}

/**
 * The words of policy-opa in the words of Lelu. A word that is unknown, "not-applicable" and no answer at all are
 * nothing: where nothing allows a call, it is denied.
 */
const reading = `package lelu.authz

import rego.v1

has_word(answer) if is_string(answer.decision)

allow if {
	some answer in answers
	answer.decision == "allow"
}

allow if {
	some answer in answers
	not has_word(answer)
	answer.allow == true
}

require_approval contains told(answer, "requires_approval") if {
	some answer in answers
	answer.decision == "requires-approval"
}

deny contains told(answer, "deny") if {
	some answer in answers
	answer.decision == "deny"
}

deny contains told(answer, "deny") if {
	some answer in answers
	not has_word(answer)
	answer.allow == false
}

told(answer, id) := {"id": id, "reason": answer.reason} if {
	is_string(answer.reason)
	answer.reason != ""
} else := id
`

/**
 * Policies of `@ai-sdk/policy-opa` for `createLelu({ policies })`, as they are: the rule at each of `paths` answers
 * `{ decision, reason }` or `{ allow, reason }`. Ask them with `guard.policyClient({ document: true })`; a call that
 * is asked about in any other way is denied. Throws `LELU_OPTIONS_INVALID` for a path that names no rule.
 */
export function opaPolicies(source: PolicySource, paths: readonly string[]): PolicySource {
  const bad = paths.find((path) => !pathPattern.test(path))
  if (bad !== undefined || paths.length === 0) {
    throw invalidOptions(
      bad === undefined
        ? 'There is no path of a rule.'
        : `The path ${JSON.stringify(bad)} names no rule.`,
      'Write it as in opaPolicy({ path }), such as agent/call/decision.',
    )
  }
  const module = {
    path: 'lelu:policy-opa.rego',
    source: [reading, ...paths.map(answerAt), ''].join('\n'),
  }
  return { ...source, modules: [...source.modules, module] }
}
