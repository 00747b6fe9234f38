/** The rules of the project's overview, to the letter: v0, no package line. */
export const overview = `allow {
input.action == "trade"
input.confidence >= 0.90
}
require_approval {
input.action == "trade"
input.confidence < 0.90
}
`

export const entrypoints = ['lelu/authz/allow', 'lelu/authz/require_approval']

export function policy(source: string, path = 'policy.rego'): { path: string; source: string } {
  return { path, source }
}
