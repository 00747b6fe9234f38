import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRecords, verifyLog } from '@lelu/audit/reading'
import { describe, expect, it } from 'vitest'
import { runProcess, temporaryFolder } from '../support/processes.ts'
import { approve, engine, trade } from './support.ts'

const decider = new URL('./decider.ts', import.meta.url)

describe('invariant 7: no acknowledged decision is lost, and an alteration is found', () => {
  it('by kill -9 at any moment: every decision that was printed is in the log', {
    timeout: 300_000,
  }, async () => {
    for (let round = 0; round < 12; round += 1) {
      const directory = temporaryFolder()
      const { stdout, signal } = await runProcess(decider, [directory, String(30 + round * 17)])
      expect(signal).toBe('SIGKILL')
      const acknowledged = stdout.split('\n').slice(0, -1)
      const logged = new Set<unknown>()
      for await (const { record } of readRecords({ directory: join(directory, 'audit') }))
        logged.add(record.id)
      expect(acknowledged.filter((id) => !logged.has(id))).toEqual([])
      // A torn tail of a killed process is no tampering.
      expect((await verifyLog({ directory: join(directory, 'audit') })).problems).toEqual([])
    }
  })

  it('wherever one byte of the log is flipped', async () => {
    const directory = temporaryFolder()
    const lelu = await engine({ directory })
    await lelu.guard(trade(0.97), () => 'ran')
    await lelu.resume(await approve(lelu), () => 'ran')
    await lelu.close()
    const audit = join(directory, 'audit')
    expect(await verifyLog({ directory: audit })).toMatchObject({ ok: true, problems: [] })
    const file =
      readdirSync(audit, { recursive: true, encoding: 'utf8' }).find((name) =>
        name.endsWith('.jsonl'),
      ) ?? ''
    const path = join(audit, file)
    const original = readFileSync(path)
    const step = Math.ceil(original.length / 60)
    for (let at = 3; at < original.length; at += step) {
      const changed = Buffer.from(original)
      changed[at] = (changed[at] as number) ^ 1
      writeFileSync(path, changed)
      const { ok, problems } = await verifyLog({ directory: audit })
      expect(ok, `byte ${at}`).toBe(false)
      expect(problems[0], `byte ${at}`).toMatchObject({
        file: expect.stringContaining('.jsonl'),
        line: expect.any(Number),
      })
    }
    writeFileSync(path, original)
    expect(await verifyLog({ directory: audit })).toMatchObject({ ok: true })
  })
})
