import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, onTestFinished, test } from 'vitest'
import { type Case, type OpenStage, oneProcess } from './case.ts'
import { confidenceCases } from './cases/confidence.ts'
import { crashCases } from './cases/crash.ts'
import { decisionCases } from './cases/decision.ts'
import { failureCases } from './cases/failure.ts'
import { forgeryCases } from './cases/forgery.ts'
import { inputCases } from './cases/input.ts'
import { interruptionCases } from './cases/interruption.ts'
import { modeCases } from './cases/mode.ts'
import { nestedCases } from './cases/nested.ts'
import { resumeCases } from './cases/resume.ts'
import { streamingCases } from './cases/streaming.ts'
import { transparencyCases } from './cases/transparency.ts'
import type { AdapterHarness } from './harness.ts'
import { type LifeName, lives, openLife } from './life.ts'
import { createStage } from './stage.ts'

export const groups: Record<string, readonly Case[]> = {
  'decides every call': decisionCases,
  'resumes an approved call once': resumeCases,
  'believes no signal but the store': forgeryCases,
  'decides, shows and runs the same input': inputCases,
  'reads the confidence': confidenceCases,
  'has three modes': modeCases,
  'fails closed': failureCases,
  'survives the end of its process': crashCases,
  'survives the end of a run': interruptionCases,
  'works in an agent that is a tool': nestedCases,
  'is seen in a stream': streamingCases,
  'is not seen where it is not needed': transparencyCases,
}

function opener(harness: AdapterHarness, module: string, life: LifeName): OpenStage {
  return async (options = {}, inProcess = {}) => {
    const directory = mkdtempSync(join(tmpdir(), 'lelu-suite-'))
    const lived = await openLife(life, harness, module, directory)
    onTestFinished(async () => {
      await lived.close().catch(() => {})
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    })
    return createStage(lived, directory, options, inProcess)
  }
}

/**
 * The contract of an adapter, as tests. `module` is the URL of the module that exports the harness
 * (`import.meta.url` in it): processes of their own import it and find the harness by its name.
 */
export function adapterSuite(harness: AdapterHarness, module: string): void {
  describe.each(lives)(`${harness.name} over %s`, (life) => {
    const open = opener(harness, module, life)
    for (const [group, cases] of Object.entries(groups)) {
      const played = cases.filter((one) => (one.lives ?? oneProcess).includes(life))
      if (played.length === 0) continue
      describe(group, () => {
        for (const { title, needs = [], play } of played) {
          const missing = needs.find((capability) => !harness.capabilities[capability])
          if (missing !== undefined) test.skip(`${title} (skipped: not ${missing})`, () => {})
          else test(title, () => play(open, harness.capabilities), 300_000)
        }
      })
    }
  })
}
