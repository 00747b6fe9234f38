import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runPowerCut } from './power-cut-run.ts'

const seeds = Number(process.env.LELU_POWER_CUTS ?? 40)

// What is cut is played: a folder in memory spares the disk.
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

describe('a power cut', () => {
  it(`at any moment takes no acknowledged record (${seeds} seeds)`, {
    timeout: 30_000 + seeds * 2000,
  }, async () => {
    const folder = mkdtempSync(join(memory, 'lelu-cut-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    let acknowledged = 0
    for (let seed = 1; seed <= seeds; seed += 1) {
      const run = await runPowerCut(seed, join(folder, String(seed)))
      expect(run.wrong, `seed ${seed}`).toEqual([])
      acknowledged += run.acknowledged
    }
    expect(acknowledged).toBeGreaterThan(seeds * 5)
  })
})
