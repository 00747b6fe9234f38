# METADATA
# title: Refunds
# description: |
#   A small refund that the agent is sure of runs by itself; any other waits for a reviewer. What was paid back for the
#   order before counts, or a large refund would be made of small ones. Nothing is paid for an order that is not the
#   customer's own, nor more than is left of its price. Any other tool is denied, because no rule allows it.
package lelu.authz

alone_up_to := 50

sure_from := 0.9

allow contains {"id": "reading", "reason": "Looking at an order changes nothing."} if {
	input.action == "find_order"
}

allow contains {"id": "small", "reason": "A small refund, and the agent is sure of it."} if {
	payable
	paid_back <= alone_up_to
	input.confidence >= sure_from
}

require_approval contains {"id": "large", "reason": reason} if {
	payable
	paid_back > alone_up_to
	reason := $"More than {alone_up_to} EUR back for one order needs a reviewer."
}

require_approval contains {"id": "unsure", "reason": reason} if {
	payable
	input.confidence < sure_from
	reason := $"The agent is {input.confidence} sure of this refund, and needs {sure_from}."
}

deny contains {"id": "not_theirs", "reason": "The customer has no such order."} if {
	input.action == "refund"
	not own_order
}

deny contains {"id": "too_much", "reason": reason} if {
	input.action == "refund"
	own_order
	input.args.amount > input.resource.properties.refundable
	reason := $"Only {input.resource.properties.refundable} EUR of this order can be refunded."
}

# Of the whole order, with this refund.
paid_back := (input.resource.properties.price - input.resource.properties.refundable) + input.args.amount

# What every refund needs, whoever approves it.
payable if {
	input.action == "refund"
	own_order
	input.args.amount > 0
	input.args.amount <= input.resource.properties.refundable
}

# The resource is what the server looked up. Its id is compared too: a reviewer may edit the arguments, and what was
# looked up for one order says nothing about another.
own_order if {
	input.resource.id == input.args.orderId
	input.resource.properties.customer == input.acting_for.id
}
