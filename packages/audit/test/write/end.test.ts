import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verifyLog } from '../../src/reading.ts'
import { fakeSink } from '../fake-sink.ts'
import { faultyFiles } from '../faults.ts'
import { deadStream, decision, temporaryFolder } from '../support.ts'
import { archived, checkpointOf, linesOfStream, openQuick, recordsOf } from '../support-log.ts'

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const busy = { peersMs: 10, heartbeatMs: 10 }

describe('closing', () => {
  it('while the stream begins ends it, and nothing is written behind its end', async () => {
    const sink = fakeSink()
    const log = await openQuick({ sink }, busy)
    const pending = log.append(decision('a'))
    await log.close()
    await pending
    await wait(100) // several heartbeats, had there been any
    const records = await recordsOf(log.directory)
    expect(records.map(({ kind }) => kind)).toEqual(['genesis', 'decision', 'close'])
    expect(await verifyLog({ directory: log.directory })).toMatchObject({ ok: true })
    expect(archived(sink, log.stream).checkpoints.at(-1)).toBe(3)
  })

  it('comes before a heartbeat that is on its way', async () => {
    for (let round = 0; round < 10; round += 1) {
      const log = await openQuick({}, { peersMs: 1, heartbeatMs: 1 })
      await log.append(decision('a'))
      await wait(round)
      await log.close()
      await wait(5)
      expect((await recordsOf(log.directory)).at(-1)?.kind).toBe('close')
    }
  })

  it('takes everything that was appended before, and nothing after', async () => {
    const log = await openQuick()
    const pending = Array.from({ length: 50 }, (_, n) => log.append(decision(`d${n}`)))
    const closing = log.close()
    await expect(log.append(decision('late'))).rejects.toMatchObject({ code: 'LELU_AUDIT_CLOSED' })
    await closing
    expect(await Promise.all(pending)).toHaveLength(50)
    expect(await checkpointOf(log.directory, log.stream)).toMatchObject({ size: 52 })
  })

  it('does so though the remains of other processes take long', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 2)
    const gate = Promise.withResolvers<void>()
    const files = faultyFiles({
      before: async (operation, path) => {
        if (operation === 'replace' && path === join(directory, dead, 'checkpoint'))
          await gate.promise
      },
    })
    const log = await openQuick({ directory, deadlineMs: 2000 }, {}, files)
    await log.append(decision('a'))
    await log.close()
    expect((await recordsOf(directory, log.stream)).at(-1)?.kind).toBe('close')
    gate.resolve()
    // What it had taken in hand is left to the next process, whole.
    await expect.poll(() => readdirSync(join(directory, 'owners'))).toEqual([`${dead}.json`])
    expect(await verifyLog({ directory })).toMatchObject({ ok: true, exit: 0 })
  })

  it('with an archive that hangs returns, and nothing goes on behind it', async () => {
    const gate = Promise.withResolvers<void>()
    let asked = 0
    const sink = fakeSink({
      before: async () => {
        asked += 1
        await gate.promise
      },
    })
    const log = await openQuick({ sink, deadlineMs: 2000 }, { closeMs: 100, segmentBytes: 1 })
    for (let n = 0; n < 4; n += 1) await log.append(decision(`d${n}`))
    await expect.poll(() => asked).toBe(1)
    await log.close()
    expect(asked).toBe(1)
    gate.resolve()
    await wait(150)
    // The object that was on its way has arrived; the rest is for the next process.
    expect(asked).toBeLessThanOrEqual(3)
    expect(archived(sink, log.stream).lines.length).toBeLessThan(6)
    const next = await openQuick({ directory: log.directory, sink })
    await next.append(decision('next'))
    // Until the first has let go of what it was shipping, which takes the time of its disk.
    await expect.poll(() => next.ship()).toBe(true)
    await next.close()
    const lines = await linesOfStream(log.directory, log.stream)
    expect(archived(sink, log.stream)).toMatchObject({ lines, checkpoints: [lines.length] })
  })
})
