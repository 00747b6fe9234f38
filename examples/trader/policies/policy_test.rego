package lelu.authz_test

import data.lelu.authz

asked(action, args, confidence) := {
	"action": action,
	"args": args,
	"confidence": confidence,
	"context": {"prices": {"ACME": 25, "GLOBEX": 12}},
}

order(side, quantity, symbol, limit, confidence) := asked(
	"place_order",
	{"side": side, "quantity": quantity, "symbol": symbol, "limit": limit},
	confidence,
)

# The ids of all rules that answer.
rules(request) := {
	"allow": {rule.id | some rule in authz.allow with input as request},
	"require_approval": {rule.id | some rule in authz.require_approval with input as request},
	"deny": {rule.id | some rule in authz.deny with input as request},
}

only(effect, id) := object.union({"allow": set(), "require_approval": set(), "deny": set()}, {effect: {id}})

nothing := {"allow": set(), "require_approval": set(), "deny": set()}

test_looking_needs_no_confidence if {
	every action in ["get_price", "get_positions"] {
		rules(asked(action, {}, 0)) == only("allow", "read")
	}
}

test_a_small_order_of_a_confident_agent_runs if {
	every confidence in [0.9, 0.97, 1] {
		rules(order("buy", 40, "ACME", 25, confidence)) == only("allow", "small")
	}
}

test_one_share_more_waits if {
	rules(order("buy", 41, "ACME", 25, 1)) == only("require_approval", "large")
}

test_a_small_order_of_an_unsure_agent_waits if {
	every confidence in [0, 0.5, 0.8999] {
		rules(order("buy", 1, "ACME", 25, confidence)) == only("require_approval", "doubtful")
	}
}

test_above_the_limit_nobody_is_asked if {
	count(rules(order("buy", 2500, "GLOBEX", 12, 1)).deny) == 0
	rules(order("buy", 2501, "GLOBEX", 12, 1)).deny == {"too_large"}
}

test_a_low_limit_does_not_make_a_sale_small if {
	rules(order("sell", 100, "ACME", 1, 1)) == only("require_approval", "large")
}

test_a_high_limit_makes_a_purchase_large if {
	rules(order("buy", 10, "ACME", 500, 1)) == only("require_approval", "large")
}

test_what_is_not_on_the_list_is_denied if {
	rules(order("buy", 1, "MOON", 1, 1)) == only("deny", "unknown_symbol")
}

test_an_unsound_order_has_no_rule_that_lets_it_run if {
	every quantity in [0, -10, null, "10"] {
		rules(order("buy", quantity, "ACME", 25, 1)) == nothing
	}
}

test_another_tool_has_no_rule if {
	rules(asked("wire_money", {"symbol": "ACME", "quantity": 1, "limit": 1}, 1)) == nothing
}

test_broken_limits_let_no_order_run if {
	every name in ["confident_from", "alone_up_to", "never_above"] {
		every broken in [null, "0.9", false, 0, -1] {
			limits := object.union(data.orders, {name: broken})
			rules(order("buy", 1, "ACME", 25, 1)) == nothing with data.orders as limits
		}
	}
}
