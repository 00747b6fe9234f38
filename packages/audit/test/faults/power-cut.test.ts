import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support.ts'
import { runPowerCut } from './power-cut-run.ts'

const seeds = Number(process.env.LELU_POWER_CUTS ?? 40)

describe('a power cut', () => {
  it(`at any moment takes no acknowledged record (${seeds} seeds)`, {
    timeout: 30_000 + seeds * 2000,
  }, async () => {
    const folder = temporaryFolder()
    let acknowledged = 0
    for (let seed = 1; seed <= seeds; seed += 1) {
      const run = await runPowerCut(seed, join(folder, String(seed)))
      expect(run.wrong, `seed ${seed}`).toEqual([])
      acknowledged += run.acknowledged
    }
    expect(acknowledged).toBeGreaterThan(seeds * 5)
  })
})
