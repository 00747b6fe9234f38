package lelu.authz_test

import data.lelu.authz

# What the engine asks for a deletion of four closed orders that the models agree on.
deletion := {
	"action": "delete_orders",
	"confidence": 1,
	"args": {
		"where": {"customer": "Hooli", "status": "closed", "placed_before": null},
		"expected": {"rows": 4, "open": 0},
	},
	"tool": {"name": "delete_orders", "server": null, "effect": "non_idempotent"},
	"agent": {"id": "operations-agent", "type": "agent", "properties": {}},
	"acting_for": {"id": "operations-lead", "type": "user"},
	"resource": {"type": "table", "id": "orders", "properties": {"rows": 4, "open": 0, "total": 32}},
	"tenant": "default",
	"run": "chat-1",
	"context": {"deleted": 0, "asked": 4},
	"time": "2026-11-25T10:00:00.000Z",
	"signal": {"method": "agreement", "trust": "adapter", "status": "ok", "score": null, "model": null, "samples": 2},
}

changed(path, value) := json.patch(deletion, [{"op": "replace", "path": path, "value": value}])

hitting(rows, open) := json.patch(deletion, [
	{"op": "replace", "path": "/args/expected", "value": {"rows": rows, "open": open}},
	{"op": "replace", "path": "/resource/properties", "value": {"rows": rows, "open": open, "total": 32}},
	{"op": "replace", "path": "/context/asked", "value": rows},
])

ids(members) := {member.id | some member in members}

denied(one) := found if found := ids(authz.deny) with input as one

reviewed(one) := found if found := ids(authz.require_approval) with input as one

allowed(one) := found if found := ids(authz.allow) with input as one

test_reads_run if {
	every action in ["count_orders", "list_orders"] {
		one := json.patch(changed("/action", action), [{"op": "replace", "path": "/tool/effect", "value": "read"}])
		allowed(one) == {"reads"}
		allowed(changed("/action", action)) == set()
	}
}

test_any_other_action_has_no_rule if {
	one := json.patch(changed("/action", "drop_table"), [{"op": "replace", "path": "/tool/effect", "value": "read"}])
	allowed(one) == set()
	reviewed(one) == set()
}

test_a_few_closed_orders_go if {
	every rows in [0, 4, 5] {
		allowed(hitting(rows, 0)) == {"few_closed"}
		reviewed(hitting(rows, 0)) == set()
		denied(hitting(rows, 0)) == set()
	}
}

test_more_wait_for_a_person if {
	every rows in [6, 31] {
		reviewed(hitting(rows, 0)) == {"many_rows"}
		allowed(hitting(rows, 0)) == set()
	}
	some approval in authz.require_approval with input as hitting(6, 0)
	approval.reason == "It would delete 6; that makes 6 in this conversation, and more than 5 need a person."
}

test_a_few_at_a_time_are_many_as_well if {
	every change in [["/context/deleted", 2], ["/context/asked", 6]] {
		one := changed(change[0], change[1])
		reviewed(one) == {"many_rows"}
		allowed(one) == set()
	}
}

test_open_orders_wait_for_a_person if {
	reviewed(hitting(1, 1)) == {"open_orders"}
	allowed(hitting(1, 1)) == set()
}

test_what_the_models_do_not_agree_on_waits_for_a_person if {
	every change in [["/confidence", 0.5], ["/signal/trust", "claimed"], ["/signal/status", "missing"]] {
		one := changed(change[0], change[1])
		reviewed(one) == {"not_confident"}
		allowed(one) == set()
	}
}

test_everything_is_denied if {
	denied(hitting(32, 8)) == {"everything"}
	nothing := {"customer": null, "status": null, "placed_before": null}
	every where in [nothing, {}] { "everything" in denied(changed("/args/where", where)) }
}

test_an_expectation_that_differs_is_denied if {
	every expected in [{"rows": 3, "open": 0}, {"rows": 4, "open": 1}, {"rows": 4}, null] {
		denied(changed("/args/expected", expected)) == {"count_differs"}
	}
}

test_what_nobody_counted_is_denied if {
	every path in ["/resource/properties/rows", "/resource/properties/open", "/resource/properties/total", "/context/deleted", "/context/asked"] {
		every one in [changed(path, null), json.patch(deletion, [{"op": "remove", "path": path}])] {
			denied(one) == {"everything"}
			allowed(one) == set()
		}
	}
}
