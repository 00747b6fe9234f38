import { describe, expect, it } from 'vitest'
import { fakeSink } from '../fake-sink.ts'
import { diskError } from '../faults.ts'
import { decision } from '../support.ts'
import { archived, linesOfStream, openQuick, recordsOfKind } from '../support-log.ts'

/** A log whose archive is away until `back` is called. */
async function away(backlog: { bytes?: number; ms?: number }, limits = {}) {
  const state = { away: true, tried: 0 }
  const sink = fakeSink({
    before: async () => {
      state.tried += 1
      if (state.away) throw diskError('ECONNREFUSED')
    },
  })
  const log = await openQuick({ sink, backlog }, { shipMs: 10, ...limits })
  return { log, sink, state }
}

const long = (id: string) => decision(id, { reason: 'x'.repeat(500) })

describe('what waits for the archive', () => {
  it('is warned of, then refused, and allowed again when the archive is back', async () => {
    const { log, sink, state } = await away({ bytes: 20_000 })
    let refused: unknown
    let written = 0
    while (refused === undefined && written < 100) {
      await log.append(long(`d${written}`)).then(
        () => {
          written += 1
        },
        (error) => {
          refused = error
        },
      )
    }
    expect(refused).toMatchObject({ code: 'LELU_AUDIT_UNAVAILABLE' })
    expect(String(refused)).toContain('wait for fake://archive')
    expect(log.archive?.bytes).toBeGreaterThanOrEqual(20_000)
    await expect(log.append(long('also refused'))).rejects.toMatchObject({
      code: 'LELU_AUDIT_UNAVAILABLE',
    })
    state.away = false
    // Below 60 % of the limit: between that and the limit records are allowed, and do not say that it is over.
    await expect.poll(() => log.archive?.bytes, { timeout: 30_000 }).toBeLessThan(12_000)
    await log.append(long('again'))
    await log.close()
    const said = await recordsOfKind(log.directory, 'backlog')
    expect(said.map(({ state }) => state)).toEqual(['high', 'over', 'drained'])
    expect(said[0]?.bytes).toBeGreaterThanOrEqual(16_000)
    expect(said[0]).toMatchObject({ sink: 'fake://archive', limit: 20_000 })
    const lines = await linesOfStream(log.directory, log.stream)
    expect(archived(sink, log.stream).lines).toEqual(lines)
  })

  it('is counted in bytes, whatever the script', async () => {
    const { log, sink, state } = await away({})
    state.away = false
    const text = '審'.repeat(2000)
    for (let n = 0; n < 5; n += 1) await log.append(decision(`d${n}`, { reason: text }))
    expect(await log.ship()).toBe(true)
    expect(log.archive?.bytes).toBe(0)
    state.away = true
    await log.append(decision('waits', { reason: text }))
    expect(log.archive?.bytes).toBeGreaterThan(6000)
    expect(sink.puts.length).toBeGreaterThan(2)
  })

  it('is not old because the log was quiet for long', async () => {
    const { log, state } = await away({ ms: 1500 })
    state.away = false
    await log.append(decision('a'))
    expect(await log.ship()).toBe(true)
    state.away = true
    await new Promise((resolve) => setTimeout(resolve, 1600))
    await log.append(decision('b'))
    await log.append(decision('c'))
    await expect
      .poll(() => log.append(decision('d')).catch((error: unknown) => String(error)), {
        interval: 50,
      })
      .toContain('wait for fake://archive')
    expect((await recordsOfKind(log.directory, 'backlog')).map(({ state }) => state)).toEqual([
      'high',
      'over',
    ])
  })

  it('is not old while the archive keeps up, though something waits at every moment', async () => {
    const sink = fakeSink({ before: () => new Promise((resolve) => setTimeout(resolve, 5)) })
    const log = await openQuick({ sink, backlog: { ms: 2500 } }, { shipMs: 5, sealMs: 5 })
    const until = performance.now() + 3500
    let count = 0
    while (performance.now() < until || sink.puts.length <= 10) {
      await log.append(decision(`d${count}`))
      count += 1
    }
    expect(await recordsOfKind(log.directory, 'backlog')).toEqual([])
  })

  it('is there with the failure, which goes when the archive is back', async () => {
    const { log, state } = await away({})
    await log.append(decision('a'))
    await expect
      .poll(() => log.archive?.failure)
      .toMatchObject({
        code: 'LELU_AUDIT_SINK_UNAVAILABLE',
      })
    state.away = false
    await expect.poll(() => log.archive?.failure).toBeUndefined()
    expect(log.archive?.sink).toBe('fake://archive')
  })
})
