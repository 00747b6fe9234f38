# METADATA
# title: Operator
# description: |
#   An operations agent reads orders and deletes some. What a deletion would hit (input.resource.properties, input.context)
#   is what the application counted in its own database, not what the model says. What no rule allows is denied.
package lelu.authz

# The most orders that one conversation deletes without a person, and the confidence it needs for them.
rows_alone := 5

confident_from := 0.9

# METADATA
# title: Reads run
allow contains {"id": "reads", "reason": "Reading changes nothing."} if {
	input.action in {"count_orders", "list_orders"}
	input.tool.effect == "read"
}

# METADATA
# title: A few closed orders go, when the models agree on which
allow contains {"id": "few_closed", "reason": "These are few, they are closed, and the models agree."} if {
	deletes
	counted
	open == 0
	rows_so_far <= rows_alone
	confidence >= confident_from
}

# METADATA
# title: Many orders wait for a person
# description: Five at a time are many as well, in one answer of the model or in several.
require_approval contains {"id": "many_rows", "reason": reason} if {
	deletes
	counted
	rows_so_far > rows_alone
	reason := $"It would delete {rows}; that makes {rows_so_far} in this conversation, and more than {rows_alone} need a person."
}

# METADATA
# title: Open orders wait for a person
require_approval contains {"id": "open_orders", "reason": reason} if {
	deletes
	counted
	open > 0
	reason := $"It would delete open orders ({open})."
}

# METADATA
# title: An unsure deletion waits for a person
require_approval contains {"id": "not_confident", "reason": reason} if {
	deletes
	counted
	confidence < confident_from
	reason := $"A confidence of {confidence} is below {confident_from}."
}

# METADATA
# title: Nobody deletes everything
deny contains {"id": "everything", "reason": "A deletion needs a filter that leaves something."} if {
	deletes
	not leaves_something
}

# METADATA
# title: The agent must know what it deletes
# description: The tool deletes what `expected` says or nothing, so it must be what the other rules looked at.
deny contains {"id": "count_differs", "reason": reason} if {
	deletes
	counted
	input.args.expected != {"rows": rows, "open": open}
	reason := $"The filter matches {rows} orders ({open} open), which is not what was expected. Count again."
}

deletes if input.action == "delete_orders"

rows := input.resource.properties.rows

open := input.resource.properties.open

total := input.resource.properties.total

deleted := input.context.deleted

asked := input.context.asked

# With what is deleted already, and what the same answer of the model asks for.
rows_so_far := deleted + max([rows, asked])

# In Rego null is smaller than every number, so what is no number must not be compared with.
counted if {
	every number in [rows, open, total, deleted, asked] { is_number(number) }
}

leaves_something if {
	counted
	rows < total
	some value in input.args.where
	value != null
}

# A number that only the model claims is no confidence.
default confidence := 0

confidence := input.confidence if {
	input.signal.status == "ok"
	input.signal.trust in {"adapter", "engine"}
}
