package lelu.authz_test

import data.lelu.authz

# What the engine asks for a trade of an adapter's own measurement.
trade(value) := {
	"action": "trade",
	"confidence": value,
	"args": {"symbol": "ACME", "amount": 100},
	"tool": {"name": "trade", "server": null, "effect": "non_idempotent"},
	"agent": {"id": "trader-1", "type": "agent", "properties": {}},
	"acting_for": {"id": "user-7", "type": "user"},
	"resource": {"type": "account", "id": "42", "properties": {}},
	"tenant": "default",
	"run": "run-1",
	"context": {},
	"time": "2026-11-22T10:00:00.000Z",
	"signal": signal("ok", "adapter"),
}

signal(status, trust) := {
	"method": "agreement",
	"trust": trust,
	"status": status,
	"score": null,
	"model": null,
	"samples": 5,
}

changed(request, path, value) := json.patch(request, [{"op": "replace", "path": path, "value": value}])

# Each input that is asked here. The schema's own test reads them.
inputs contains trade(value) if some value in [0, 0.85, 0.8999, 0.9, 0.97, 1]

inputs contains changed(trade(0.97), "/action", "delete_account")

inputs contains changed(trade(0.97), "/signal", signal("missing", "none"))

test_a_confident_trade_is_allowed if {
	every value in [0.9, 0.97, 1] {
		count(authz.allow) == 1 with input as trade(value)
		count(authz.require_approval) == 0 with input as trade(value)
	}
}

test_a_trade_below_the_threshold_waits_for_a_reviewer if {
	every value in [0, 0.5, 0.85, 0.8999] {
		count(authz.require_approval) == 1 with input as trade(value)
		count(authz.allow) == 0 with input as trade(value)
	}
}

test_the_reviewer_reads_both_numbers if {
	some approval in authz.require_approval with input as trade(0.85)
	approval.reason == "A confidence of 0.85 is below 0.9, so a reviewer decides."
}

test_any_other_action_has_no_rule if {
	request := changed(trade(0.97), "/action", "delete_account")
	count(authz.allow) == 0 with input as request
	count(authz.require_approval) == 0 with input as request
}

test_a_signal_that_is_not_ok_is_no_confidence if {
	every status in ["missing", "invalid"] {
		request := changed(trade(0.97), "/signal", signal(status, "adapter"))
		count(authz.allow) == 0 with input as request
		count(authz.require_approval) == 1 with input as request
	}
}

test_a_signal_of_a_trust_that_is_not_named_is_no_confidence if {
	request := changed(trade(0.97), "/signal", signal("ok", "claimed"))
	count(authz.allow) == 1 with input as request
	count(authz.allow) == 0 with input as request with data.trading.trusts as ["engine"]
	count(authz.require_approval) == 1 with input as request with data.trading.trusts as ["engine"]
}

test_a_broken_threshold_allows_nothing if {
	every threshold in [null, "0.9", false, 0, -1, 1.5, [], {}] {
		count(authz.allow) == 0 with input as trade(1) with data.trading.allow_from as threshold
		count(authz.require_approval) == 0 with input as trade(1) with data.trading.allow_from as threshold
	}
}
