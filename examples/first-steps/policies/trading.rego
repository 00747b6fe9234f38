package lelu.authz

allow if {
	input.action == "trade"
	input.confidence >= 0.90
}

require_approval if {
	input.action == "trade"
	input.confidence < 0.90
}
