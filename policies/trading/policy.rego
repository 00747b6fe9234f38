# METADATA
# title: Trading
# description: |
#   A trade runs by itself when the agent is confident enough; below that a reviewer decides.
#   Any other action is denied, because no rule allows it.
#   data.trading.allow_from is the lowest confidence that trades alone, and data.trading.trusts
#   names whose signals count. A missing or invalid signal has a confidence of 0.
package lelu.authz

# METADATA
# title: A confident trade runs
allow contains {"id": "confident", "reason": "The agent is confident enough to trade alone."} if {
	input.action == "trade"
	confidence >= allow_from
}

# METADATA
# title: Any other trade waits for a reviewer
require_approval contains {"id": "not_confident", "reason": reason} if {
	input.action == "trade"
	confidence < allow_from
	reason := $"A confidence of {confidence} is below {allow_from}, so a reviewer decides."
}

# A signal that does not count is no confidence at all, as it is when there is none.
default confidence := 0

confidence := input.confidence if {
	input.signal.status == "ok"
	input.signal.trust in data.trading.trusts
}

# Without a sound threshold neither rule answers, and the trade is denied: in Rego every number
# is greater than null, so a broken one must not be compared with.
allow_from := from if {
	from := data.trading.allow_from
	is_number(from)
	from > 0
	from <= 1
}
