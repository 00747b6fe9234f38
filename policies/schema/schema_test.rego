# Runs beside the policy and the tests of any one folder, with the two schemas as data.schema: the inputs its tests
# ask (data.lelu.authz_test.inputs) and the answers it gives must be what the engine asks and takes.
package lelu.schema_test

inputs := data.lelu.authz_test.inputs

rules := object.union(data.schema.decision, {"$ref": "#/$defs/rules"})

fits(document, schema) if json.match_schema(document, schema)[0]

# What is undefined is left out, as in the engine.
answer(one) := object.union_n([
	{"allow": value | value := data.lelu.authz.allow with input as one},
	{"require_approval": value | value := data.lelu.authz.require_approval with input as one},
	{"deny": value | value := data.lelu.authz.deny with input as one},
	{"obligations": value | value := data.lelu.authz.obligations with input as one},
])

test_each_input_of_the_tests_fits if {
	count(inputs) > 0
	every one in inputs { fits(one, data.schema.input) }
}

test_each_answer_fits if {
	count(inputs) > 0
	every one in inputs { fits(answer(one), rules) }
}

test_an_input_that_the_engine_would_refuse_does_not_fit if {
	some one in inputs
	every change in [
		{"op": "replace", "path": "/confidence", "value": "0.97"},
		{"op": "replace", "path": "/confidence", "value": 1.1},
		{"op": "replace", "path": "/confidence", "value": null},
		{"op": "replace", "path": "/tool/effect", "value": "write"},
		{"op": "replace", "path": "/signal/trust", "value": "full"},
		{"op": "replace", "path": "/time", "value": "now"},
		{"op": "remove", "path": "/signal"},
		{"op": "add", "path": "/confidance", "value": 1},
	] {
		not fits(json.patch(one, [change]), data.schema.input)
	}
}

test_an_answer_that_the_engine_would_refuse_does_not_fit if {
	every wrong in [
		{"allow": "yes"},
		{"allow": 1},
		{"allow": null},
		{"allowed": true},
		{"deny": [""]},
		{"deny": [{"reason": "no id"}]},
		{"deny": [{"id": "a", "quorum": 2}]},
		{"require_approval": [{"id": "a", "qourum": 2}]},
		{"require_approval": [{"id": "a", "quorum": 0}]},
		{"require_approval": [{"id": "a", "reviewers": []}]},
		{"require_approval": [{"id": "a", "expires_in": "1w"}]},
		{"require_approval": [{"id": "a", "remind_every": "soon"}]},
		{"require_approval": [{"id": "a", "escalate": []}]},
		{"require_approval": [{"id": "a", "escalate": [{"after": "30m"}]}]},
		{"require_approval": [{"id": "a", "escalate": [{"groups": ["leads"]}]}]},
		{"obligations": true},
		{"obligations": [{"kind": "log"}]},
	] {
		not fits(wrong, rules)
	}
}
