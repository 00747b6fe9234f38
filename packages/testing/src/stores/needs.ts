import { noHosts } from '../servers/two-hosts.ts'
import type { StoreCase } from './case.ts'
import type { StoreHarness } from './harness.ts'

/** What a case needs and does not have, as `not network`; undefined when it can be played. */
export function missingOf(
  { capabilities }: StoreHarness,
  { needs = [] }: StoreCase,
  refused: () => string | undefined = noHosts,
): string | undefined {
  const missing = needs.find((capability) => !capabilities[capability])
  if (missing !== undefined) return `not ${missing}`
  // The store could; this machine may not.
  const why = needs.includes('hosts') ? refused() : undefined
  return why === undefined ? undefined : `no network namespaces here: ${why.split('\n', 1)[0]}`
}
