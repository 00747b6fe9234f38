package lelu.authz_test

import data.lelu.authz

# The tests bring their own table, so that editing data.json breaks none of them.
table := {
	"actions": {
		"search": {"allow_from": 0, "deny_below": 0},
		"send_email": {"allow_from": 0.9, "deny_below": 0.3},
		"refund": {"allow_from": 0.95, "deny_below": 0.5, "quorum": 2, "reviewers": ["bob", "carol"], "expires_in": "15m"},
	},
	"always_review": ["delete_database"],
	"unlisted": {"read": "require_approval", "idempotent": "deny", "non_idempotent": "deny"},
	"trusted_signals": ["engine", "adapter"],
}

request(action, value) := {
	"action": action,
	"confidence": value,
	"args": {"to": "a@example.org"},
	"tool": {"name": action, "server": null, "effect": "non_idempotent"},
	"agent": {"id": "agent-1", "type": "agent", "properties": {}},
	"acting_for": null,
	"resource": null,
	"tenant": "default",
	"run": null,
	"context": {},
	"time": "2026-11-22T10:00:00.000Z",
	"signal": {"method": "self_consistency", "trust": "adapter", "status": "ok", "score": 2.2, "model": "m", "samples": 5},
}

changed(one, path, value) := json.patch(one, [{"op": "replace", "path": path, "value": value}])

read_of(one) := changed(one, "/tool/effect", "read")

missing(one) := json.patch(one, [
	{"op": "replace", "path": "/confidence", "value": 0},
	{"op": "replace", "path": "/signal", "value": {"method": "none", "trust": "none", "status": "missing", "score": null, "model": null, "samples": null}},
])

# Each input that is asked here. The schema's own test reads them.
inputs contains request(action, value) if {
	some action in ["search", "send_email", "refund", "delete_database", "unknown"]
	some value in [0, 0.3, 0.5, 0.9, 0.95, 1]
}

inputs contains missing(request("send_email", 0))

inputs contains read_of(request("search", 0.4))

ids(members) := {member.id | some member in members}

denied(one) := found if found := ids(authz.deny) with input as one with data.table as table

reviewed(one) := found if found := ids(authz.require_approval) with input as one with data.table as table

allowed(one) := found if found := ids(authz.allow) with input as one with data.table as table

test_the_bands_of_an_action if {
	every value in [0.9, 0.95, 1] {
		allowed(request("send_email", value)) == {"above_threshold"}
		reviewed(request("send_email", value)) == set()
		denied(request("send_email", value)) == set()
	}
	every value in [0.3, 0.5, 0.89] {
		allowed(request("send_email", value)) == set()
		reviewed(request("send_email", value)) == {"below_threshold"}
		denied(request("send_email", value)) == set()
	}
	every value in [0, 0.29] {
		allowed(request("send_email", value)) == set()
		denied(request("send_email", value)) == {"below_floor"}
	}
}

test_a_claimed_number_never_runs_anything_but_a_read if {
	claimed := changed(request("send_email", 1), "/signal/trust", "claimed")
	reviewed(claimed) == {"signal_unchecked"}
	allowed(claimed) == set()
	allowed(read_of(claimed)) == {"above_threshold"}
	reviewed(read_of(claimed)) == set()
}

test_a_signal_that_is_not_ok_never_runs_anything_but_a_read if {
	every status in ["missing", "invalid"] {
		one := changed(request("search", 1), "/signal/status", status)
		reviewed(one) == {"signal_unchecked"}
		allowed(one) == set()
	}
}

test_a_missing_signal_is_below_every_floor if {
	denied(missing(request("send_email", 1))) == {"below_floor"}
	allowed(missing(request("send_email", 1))) == set()
	allowed(read_of(missing(request("search", 1)))) == {"above_threshold"}
}

test_what_is_always_reviewed_never_runs_alone if {
	reviewed(request("delete_database", 1)) == {"always_reviewed"}
	allowed(request("delete_database", 1)) == set()
	allowed(read_of(request("delete_database", 1))) == set()
	both := object.union(table, {"always_review": ["refund"]})
	one := request("refund", 1)
	ids(authz.require_approval) == {"always_reviewed"} with input as one with data.table as both
}

test_an_action_that_is_not_in_the_table_is_denied if {
	every value in [0, 0.5, 1] {
		allowed(request("unknown", value)) == set()
		reviewed(request("unknown", value)) == set()
	}
}

test_a_read_that_is_not_in_the_table_is_as_the_table_says if {
	one := read_of(request("unknown", 1))
	reviewed(one) == {"unlisted"}
	allowed(one) == set()
	open := object.union(table, {"unlisted": {"read": "allow", "non_idempotent": "allow"}})
	ids(authz.allow) == {"unlisted_read"} with input as one with data.table as open
	ids(authz.allow) == set() with input as request("unknown", 1) with data.table as open
}

test_who_and_how_many_come_from_the_table if {
	some approval in authz.require_approval with input as request("refund", 0.6) with data.table as table
	approval == {
		"id": "below_threshold",
		"reason": "The confidence is below the threshold of this action.",
		"quorum": 2,
		"reviewers": ["bob", "carol"],
		"expires_in": "15m",
	}
}

test_a_broken_entry_denies if {
	every entry in [
		null,
		false,
		{},
		{"allow_from": 0},
		{"allow_from": null, "deny_below": null},
		{"allow_from": "0", "deny_below": 0},
		{"allow_from": 0.2, "deny_below": 0.5},
		{"allow_from": 0.5, "deny_below": -1},
		{"allow_from": 1.1, "deny_below": 0},
	] {
		broken := changed(table, "/actions/send_email", entry)
		ids(authz.deny) == {"table_invalid"} with input as request("send_email", 1) with data.table as broken
		count(authz.allow) == 0 with input as request("send_email", 1) with data.table as broken
	}
}

test_without_a_table_nothing_runs if {
	count(authz.allow) == 0 with input as read_of(request("search", 1)) with data.table as {}
}
