# METADATA
# title: Gateway
# description: |
#   Two MCP servers behind one gateway. Reading files and a few harmless tools run, what changes a file waits for a
#   person, and the environment of the server is nobody's business. What no rule allows is denied.
package lelu.authz

# METADATA
# title: Reading files runs
allow contains {"id": "reads", "reason": "Reading changes nothing."} if {
	input.tool.server == "files"
	input.tool.effect == "read"
}

# METADATA
# title: A few tools that do nothing to anybody
allow contains {"id": "harmless", "reason": "This tool does nothing to anybody."} if {
	input.tool.server == "everything"
	input.action in harmless
}

harmless := {"echo", "get-sum", "get-tiny-image"}

# METADATA
# title: The rest of that server is not even shown
# description: The id tool_hidden keeps a tool out of the list. It is denied as well, for whoever knows its name.
deny contains {"id": "tool_hidden", "reason": "This tool is not for agents."} if {
	input.tool.server == "everything"
	not input.action in harmless
}

# METADATA
# title: What may change a file waits for a person
require_approval contains {"id": "writes", "reason": "A person looks at every change of a file.", "expires_in": "8h"} if {
	input.tool.server == "files"
	input.tool.effect != "read"
}

# METADATA
# title: Files are not moved
deny contains {"id": "moves", "reason": "Files are not moved by an agent."} if {
	input.tool.server == "files"
	input.action == "move_file"
}
