# METADATA
# title: Gateway
# description: |
#   Two MCP servers behind one gateway. Reading files and a few harmless tools run, and what changes a file waits for a
#   person. What no rule allows is denied, and not even shown: the environment of a server is nobody's business.
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
# title: What may change a file waits for a person
require_approval contains {"id": "writes", "reason": "A person looks at every change of a file.", "expires_in": "8h"} if {
	input.tool.server == "files"
	input.tool.effect != "read"
}

# METADATA
# title: Files stay in their folder
deny contains {"id": "moves", "reason": "Files stay in the folder where they are."} if {
	input.tool.server == "files"
	input.action == "move_file"
	not stays
}

# A rule of its own: a path that is none leaves it undefined, which denies.
stays if folder(input.args.source) == folder(input.args.destination)

folder(path) := concat("/", array.slice(names, 0, count(names) - 1)) if names := split(path, "/")
