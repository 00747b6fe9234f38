import { describe } from 'vitest'
import { networkCases } from './cases/network.ts'
import { onceCases } from './cases/once.ts'
import { versionCases } from './cases/versions.ts'
import type { SinkHarness } from './harness.ts'

/** The contract of an archive's sink. `versions`: whether the store keeps what is replaced and deleted. */
export function sinkSuite(
  name: string,
  harness: SinkHarness,
  { versions }: { versions: boolean },
): void {
  const { port } = harness
  describe(`${name}, as a sink of an archive`, () => {
    onceCases(harness)
    if (versions) versionCases(harness)
    if (port !== undefined) networkCases({ ...harness, port })
  })
}
