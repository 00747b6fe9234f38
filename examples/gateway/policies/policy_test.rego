package lelu.authz_test

import data.lelu.authz

call(server, action, effect) := {
	"action": action,
	"confidence": 0,
	"args": {},
	"tool": {"name": action, "server": server, "effect": effect},
}

ids(rules) := {rule.id | some rule in rules}

test_reading_a_file_runs if {
	ids(authz.allow) == {"reads"} with input as call("files", "read_text_file", "read")
	count(authz.require_approval) == 0 with input as call("files", "read_text_file", "read")
}

test_writing_a_file_waits_for_a_person if {
	count(authz.allow) == 0 with input as call("files", "write_file", "non_idempotent")
	ids(authz.require_approval) == {"writes"} with input as call("files", "write_file", "non_idempotent")
	ids(authz.require_approval) == {"writes"} with input as call("files", "write_file", "idempotent")
}

test_a_tool_of_another_server_with_the_same_name_gets_nothing if {
	count(authz.allow) == 0 with input as call("other", "read_text_file", "read")
	count(authz.require_approval) == 0 with input as call("other", "write_file", "non_idempotent")
}

move(source, destination) := object.union(
	call("files", "move_file", "non_idempotent"),
	{"args": {"source": source, "destination": destination}},
)

test_a_file_gets_another_name_when_a_person_says_so if {
	count(authz.deny) == 0 with input as move("/srv/a.txt", "/srv/b.txt")
	ids(authz.require_approval) == {"writes"} with input as move("/srv/a.txt", "/srv/b.txt")
}

test_moving_elsewhere_is_denied if {
	ids(authz.deny) == {"moves"} with input as move("/srv/a.txt", "/srv/old/a.txt")
	ids(authz.deny) == {"moves"} with input as move("/srv/a.txt", null)
	ids(authz.deny) == {"moves"} with input as call("files", "move_file", "non_idempotent")
}

test_harmless_tools_run if {
	ids(authz.allow) == {"harmless"} with input as call("everything", "echo", "non_idempotent")
	count(authz.allow) == 0 with input as call("everything", "get-env", "non_idempotent")
}

test_the_other_tools_of_that_server_get_nothing if {
	count(authz.require_approval) == 0 with input as call("everything", "get-env", "non_idempotent")
	count(authz.deny) == 0 with input as call("everything", "echo", "non_idempotent")
	count(authz.deny) == 0 with input as call("files", "read_text_file", "read")
}
