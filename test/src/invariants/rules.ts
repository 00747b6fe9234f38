/** The overview's rules, verbatim: no package, Rego v0. */
export const overview = `allow {
input.action == "trade"
input.confidence >= 0.90
}
require_approval {
input.action == "trade"
input.confidence < 0.90
}
`

export const rego = (source: string) => ({ modules: [{ path: 'policy.rego', source }] })
