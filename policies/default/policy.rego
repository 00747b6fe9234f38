# METADATA
# title: Default
# description: |
#   Deny by default; each action has its confidence bands in data.table.actions: below deny_below it is
#   denied, from allow_from on it runs, and between them a reviewer decides. Only a signal that the engine
#   or the adapter measured lets anything but a read run. Lower confidence never gives more.
package lelu.authz

# METADATA
# title: Too unsure, even for a reviewer's time
deny contains {"id": "below_floor", "reason": "The confidence is below the floor of this action."} if {
	sound
	input.confidence < band.deny_below
}

# METADATA
# title: A band that cannot be read decides nothing
# description: In Rego null is smaller than every number, so a broken band must not be compared with.
deny contains {"id": "table_invalid", "reason": "The table has no sound entry for this action."} if {
	listed
	not sound
}

# METADATA
# title: Too unsure to run alone
require_approval contains requirement("below_threshold", "The confidence is below the threshold of this action.") if {
	sound
	input.confidence < band.allow_from
}

# METADATA
# title: Nobody checked the confidence
require_approval contains requirement("signal_unchecked", "The confidence is missing, or nobody measured it.") if {
	sound
	not reads
	not measured
}

# METADATA
# title: Always reviewed
require_approval contains requirement("always_reviewed", "This action always needs a reviewer.") if always_reviewed

# METADATA
# title: Not in the table, and reviewed
require_approval contains {"id": "unlisted", "reason": "This action is not in the table."} if {
	unlisted
	data.table.unlisted[input.tool.effect] == "require_approval"
}

# METADATA
# title: Confident enough
allow contains {"id": "above_threshold", "reason": "The confidence reaches the threshold of this action."} if {
	sound
	input.confidence >= band.allow_from
	countable
}

# METADATA
# title: Not in the table, but only a read
allow contains {"id": "unlisted_read", "reason": "Reads run without an entry in the table."} if {
	unlisted
	reads
	data.table.unlisted.read == "allow"
}

band := data.table.actions[input.action]

listed if input.action in object.keys(data.table.actions)

unlisted if {
	not listed
	not always_reviewed
}

sound if {
	is_number(band.allow_from)
	is_number(band.deny_below)
	band.deny_below >= 0
	band.deny_below <= band.allow_from
	band.allow_from <= 1
}

always_reviewed if input.action in data.table.always_review

reads if input.tool.effect == "read"

# A number that the model claimed is not measured, and one that is missing is none.
measured if {
	input.signal.status == "ok"
	input.signal.trust in data.table.trusted_signals
}

countable if reads

countable if measured

# Who, how many and how long, where the table says so.
requirement(id, reason) := object.union(
	{"id": id, "reason": reason},
	object.filter(object.get(data.table.actions, input.action, {}), ["reviewers", "quorum", "expires_in"]),
)
