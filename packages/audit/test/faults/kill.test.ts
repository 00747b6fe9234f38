import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support.ts'
import { runKills } from './kill-run.ts'

const kills = Number(process.env.LELU_KILLS ?? 6)

describe('SIGKILL', () => {
  it(`of several writers on one log loses nothing, and the next process completes the archive (${kills} kills)`, {
    timeout: 60_000 + kills * 5000,
  }, async () => {
    const run = await runKills(1, kills, join(temporaryFolder(), 'run'))
    expect(run.wrong).toEqual([])
    expect(run.acknowledged).toBeGreaterThan(kills)
  })
})
