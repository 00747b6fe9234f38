package lelu.authz_test

import data.lelu.authz

refund(amount, confidence) := {
	"action": "refund",
	"confidence": confidence,
	"args": {"orderId": "1001", "amount": amount},
	"acting_for": {"id": "customer-7", "type": "user"},
	"resource": {
		"type": "order",
		"id": "1001",
		"properties": {"customer": "customer-7", "item": "Desk lamp", "price": 89, "refundable": 89},
	},
}

changed(request, path, value) := json.patch(request, [{"op": "replace", "path": path, "value": value}])

# The effects that some rule answers for a request.
effects(request) := {effect |
	some effect in ["allow", "require_approval", "deny"]
	count(authz[effect]) > 0 with input as request
}

test_small_and_sure_runs if {
	every amount in [0.01, 50] {
		effects(refund(amount, 0.9)) == {"allow"}
	}
}

test_large_or_unsure_waits if {
	every request in [refund(50.01, 1), refund(89, 0.97), refund(20, 0.89), refund(20, 0)] {
		effects(request) == {"require_approval"}
	}
}

test_a_large_one_in_small_parts_waits if {
	effects(changed(refund(30, 1), "/resource/properties/refundable", 69)) == {"allow"}
	effects(changed(refund(30.01, 1), "/resource/properties/refundable", 69)) == {"require_approval"}
}

test_more_than_is_left_is_denied if {
	effects(refund(89.01, 1)) == {"deny"}
}

test_nothing_is_paid_back_to_the_shop if {
	every amount in [0, -20] {
		count(effects(refund(amount, 1))) == 0
	}
}

test_an_order_of_somebody_else_is_denied if {
	every request in [
		changed(refund(20, 1), "/resource/properties/customer", "customer-9"),
		changed(refund(20, 1), "/args/orderId", "1003"),
		changed(refund(20, 1), "/resource", null),
		changed(refund(20, 1), "/acting_for", null),
	] {
		effects(request) == {"deny"}
	}
}

test_looking_runs_and_any_other_tool_has_no_rule if {
	effects(changed(refund(20, 1), "/action", "find_order")) == {"allow"}
	count(effects(changed(refund(20, 1), "/action", "delete_order"))) == 0
}
