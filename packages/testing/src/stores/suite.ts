import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { groups } from './cases/index.ts'
import type { StoreHarness } from './harness.ts'
import { missingOf } from './needs.ts'
import { openStage, type StoreStage } from './stage.ts'

/** Whether the figures of the full run are asked for: LELU_RELIABILITY=full. */
function isFull(): boolean {
  return process.env.LELU_RELIABILITY === 'full'
}

/**
 * The contract of a store, as tests: what must hold when processes race, die and stand still, and when the store does.
 * `module` is the URL of the module that exports the harness; the processes that share the store import it.
 */
export function storeSuite(harness: StoreHarness, module: string): void {
  const full = isFull()
  describe(`approvals in ${harness.name}`, () => {
    let stage: StoreStage
    beforeAll(async () => {
      stage = await openStage(harness, module, full)
    }, 300_000)
    afterAll(() => stage?.close(), 300_000)

    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const one of cases) {
          const { title, play } = one
          const missing = missingOf(harness, one)
          if (missing !== undefined) test.skip(`${title} (skipped: ${missing})`, () => {})
          else {
            const timeout = full ? 3_600_000 : 300_000
            test(title, { timeout }, async () => {
              // A case that threw may have left what it noted.
              stage.takeWrongs()
              await play(stage)
              expect(stage.takeWrongs()).toEqual([])
            })
          }
        }
      })
    }
  })
}
