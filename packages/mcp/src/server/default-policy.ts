import type { PolicySource } from '@lelu/engine'

/**
 * Decides where nobody has written a policy: what only reads runs, and everything else waits for a person. What only
 * reads is what the configuration says so of, never what a tool says of itself.
 */
export const defaultPolicy: PolicySource = {
  modules: [
    {
      path: 'default.rego',
      source: `package lelu.authz

allow contains {"id": "read", "reason": "What only reads runs."} if input.tool.effect == "read"

require_approval contains {"id": "not_read", "reason": "What may change something waits for a person."} if {
	input.tool.effect != "read"
}
`,
    },
  ],
}
