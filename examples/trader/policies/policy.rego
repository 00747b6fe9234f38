# METADATA
# title: The trader
# description: |
#   Looking is free. A small order of a confident agent runs, any other waits for a reviewer, and some
#   are never placed. The numbers are in data.json, in whole dollars. context.prices is the market, as
#   the host read it: the agent does not say what a share is worth.
package lelu.authz

# METADATA
# title: Looking changes nothing
allow contains {"id": "read", "reason": "Looking changes nothing."} if {
	input.action in {"get_price", "get_positions"}
}

# METADATA
# title: A small order of a confident agent runs
allow contains {"id": "small", "reason": "A small order of a confident agent."} if {
	value <= limits.alone_up_to
	input.confidence >= limits.confident_from
}

# METADATA
# title: A large order waits
require_approval contains {"id": "large", "reason": reason} if {
	value > limits.alone_up_to
	reason := $"{value} dollars are more than the {limits.alone_up_to} that the agent may place alone."
}

# METADATA
# title: A doubtful order waits
require_approval contains {"id": "doubtful", "reason": reason} if {
	value > 0
	input.confidence < limits.confident_from
	reason := $"A confidence of {input.confidence} is below {limits.confident_from}."
}

# METADATA
# title: Too large, whoever approves
deny contains {"id": "too_large", "reason": reason} if {
	value > limits.never_above
	reason := $"{value} dollars are above the limit of {limits.never_above} for one order"
}

# METADATA
# title: Not on the list
deny contains {"id": "unknown_symbol", "reason": "This symbol is not on the list of what may be traded"} if {
	input.action == "place_order"
	not input.args.symbol in object.keys(input.context.prices)
}

# What the order could move: at the agent's limit or at the market, whichever is more. By the limit
# alone, all the shares could be sold "for 1 dollar". Undefined for anything but a sound order, so that
# no rule above lets it run or wait.
value := amount if {
	input.action == "place_order"
	market := input.context.prices[input.args.symbol]
	amount := input.args.quantity * max([input.args.limit, market])
	amount > 0
}

# In Rego every number is greater than null and less than a text: broken limits are none at all.
limits := data.orders if {
	every name in ["confident_from", "alone_up_to", "never_above"] {
		is_number(data.orders[name])
		data.orders[name] > 0
	}
}
