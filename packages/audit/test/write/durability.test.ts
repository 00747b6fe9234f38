import { describe, expect, it } from 'vitest'
import { fakeSink } from '../fake-sink.ts'
import { diskError, faultyFiles } from '../faults.ts'
import { decision } from '../support.ts'
import { archived, linesOfStream, openQuick, recordsOf } from '../support-log.ts'

const unavailable = expect.objectContaining({ code: 'LELU_AUDIT_UNAVAILABLE' })

describe('remote', () => {
  it('answers when the archive holds the record and a checkpoint that covers it', async () => {
    const sink = fakeSink()
    const log = await openQuick(
      { sink, durability: 'remote' },
      { sealMs: 600_000, shipMs: 600_000 },
    )
    for (let n = 0; n < 4; n += 1) {
      const { stream, seq } = await log.append(decision(`d${n}`))
      const there = archived(sink, stream)
      expect(there.lines[seq]).toContain(`"id":"d${n}"`)
      expect(there.checkpoints.at(-1)).toBeGreaterThan(seq)
    }
    const together = Array.from({ length: 30 }, (_, n) => log.append(decision(`t${n}`)))
    await Promise.all(together)
    expect((await recordsOf(log.directory))[0]).toMatchObject({ durability: 'remote' })
    expect(log.weakened).toEqual([])
  })

  it('refuses after the deadline while the archive hangs, and answers when it is back', async () => {
    let gate: PromiseWithResolvers<void> | undefined
    const sink = fakeSink({ before: () => gate?.promise ?? Promise.resolve() })
    const log = await openQuick({ sink, durability: 'remote', remoteDeadlineMs: 4000 })
    await log.append(decision('before'))
    gate = Promise.withResolvers<void>()
    await expect(log.append(decision('refused'))).rejects.toEqual(unavailable)
    expect(log.state).toBe('open')
    gate.resolve()
    gate = undefined
    await log.append(decision('after'))
    await log.close()
    const lines = await linesOfStream(log.directory, log.stream)
    expect(archived(sink, log.stream).lines).toEqual(lines)
    // Refused, and on disk all the same: a call that did not run is recorded as decided.
    expect(lines.join()).toContain('"id":"refused"')
  })

  it('refuses while the archive fails, and is soon back with it', async () => {
    let away = false
    const sink = fakeSink({
      before: async () => {
        if (away) throw diskError('ECONNREFUSED')
      },
    })
    const log = await openQuick({ sink, durability: 'remote', remoteDeadlineMs: 4000 })
    await log.append(decision('before'))
    away = true
    for (let n = 0; n < 2; n += 1)
      await expect(log.append(decision(`refused ${n}`))).rejects.toEqual(unavailable)
    away = false
    await log.append(decision('after'))
  })

  it('does not wait for a try that was put off while nobody waited', async () => {
    let away = false
    let tries = 0
    const sink = fakeSink({
      before: async () => {
        tries += 1
        if (away) throw diskError('ECONNREFUSED')
      },
    })
    const log = await openQuick({ sink, durability: 'remote', remoteDeadlineMs: 4000 })
    await log.append(decision('before'))
    away = true
    await log.append(decision('nobody waits'), { until: 'written' })
    tries = 0
    // The next try is 20 ms times 2^8 away then.
    await expect.poll(() => tries, { timeout: 30_000 }).toBeGreaterThanOrEqual(8)
    away = false
    await log.append(decision('after'))
  })

  it('refuses at once what waits for a stream that was left, and goes on in the next', async () => {
    let broken = false
    let held = false
    const files = faultyFiles({
      before: async (operation, path) => {
        if (broken && operation === 'sync' && path.endsWith('.jsonl')) throw diskError('EIO')
      },
    })
    let puts = 0
    const sink = fakeSink({
      before: async () => {
        puts += 1
        if (held) throw diskError('ECONNREFUSED')
      },
    })
    const options = { sink, durability: 'remote', remoteDeadlineMs: 60_000 } as const
    const log = await openQuick(options, { retryMs: 0 }, files)
    await log.append(decision('first'))
    const old = log.stream
    held = true
    const waiting = log.append(decision('waits')).catch((error: unknown) => error)
    await expect.poll(() => log.archive?.failure).toBeDefined()
    broken = true
    await expect(log.append(decision('meets it'))).rejects.toEqual(unavailable)
    broken = false
    const next = log.append(decision('next'))
    expect(await waiting).toEqual(unavailable)
    held = false
    await next
    expect(log.stream).not.toBe(old)
    // Nobody waits any more: the shipper rests between its rounds.
    await new Promise((resolve) => setTimeout(resolve, 100))
    await log.close()
    const [was, is] = [archived(sink, old).lines, archived(sink, log.stream).lines]
    expect(was).toEqual(await linesOfStream(log.directory, old))
    expect(is).toEqual(await linesOfStream(log.directory, log.stream))
    expect(puts).toBeLessThan(60)
  })

  it('is not waited for by a record that need only be written', async () => {
    const sink = fakeSink({ before: () => new Promise<void>(() => {}) })
    const options = {
      sink,
      durability: 'remote',
      remoteDeadlineMs: 60_000,
      deadlineMs: 5000,
    } as const
    const log = await openQuick(options, { closeMs: 50 })
    expect(await log.append(decision('a'), { until: 'written' })).toMatchObject({ seq: 1 })
  })
})

describe('async', () => {
  it('answers before the sync, and the log says that it is weaker', async () => {
    const gate = Promise.withResolvers<void>()
    let held = false
    const files = faultyFiles({
      before: async (operation) => {
        if (held && operation === 'sync') await gate.promise
      },
    })
    const log = await openQuick({ durability: 'async' }, {}, files)
    await log.append(decision('a'))
    held = true
    let durable = false
    await log.append(decision('b'), {
      onDurable: () => {
        durable = true
      },
    })
    expect(durable).toBe(false)
    gate.resolve()
    await expect.poll(() => durable).toBe(true)
    expect(log.weakened).toEqual(['durability: async'])
    expect((await recordsOf(log.directory))[0]).toMatchObject({ durability: 'async' })
  })
})

describe('fsync', () => {
  it('is not slower, and refuses nothing, because the archive hangs', async () => {
    const sink = fakeSink({ before: () => new Promise<void>(() => {}) })
    const log = await openQuick({ sink, deadlineMs: 2000 }, { shipMs: 1, closeMs: 20 })
    const order: string[] = []
    for (let n = 0; n < 200; n += 1) {
      await log.append(decision(`d${n}`))
      order.push(`d${n}`)
    }
    expect(order).toHaveLength(200)
    expect(archived(sink, log.stream).announced).toBe(false)
  })
})
