import { rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { leaseMs } from '../../src/folder/lease.ts'
import { streamKey } from '../../src/sink/layout.ts'
import { fakeSink } from '../fake-sink.ts'
import { decision } from '../support.ts'
import { openQuick } from '../support-log.ts'

describe('a process that ships its stream', () => {
  it('says so again and again, and ships no more when another has taken over', async () => {
    const log = await openQuick({ sink: fakeSink() }, { endedMs: 20 })
    await log.append(decision('a'))
    await log.ship()
    const lock = join(log.directory, 'shipping', `${log.stream}.json`)
    const old = new Date(Date.now() - leaseMs)
    utimesSync(lock, old, old)
    await expect.poll(() => Date.now() - statSync(lock).mtimeMs).toBeLessThan(leaseMs / 2)
    rmSync(lock)
    await expect.poll(() => log.archive?.failure?.message).toContain('another process ships')
  })

  it('adds nothing to a stream that was announced with another beginning', async () => {
    const sink = fakeSink()
    const log = await openQuick({ sink }, { sealMs: 200 }) // nothing is shipped before it is signed
    await log.append(decision('a'))
    const { stream } = log
    const told = { v: 1, log: 'lelu', stream, genesis: '{}', keys: [], sink: null }
    await sink.put(streamKey('lelu', stream), Buffer.from(JSON.stringify(told)), 'application/json')
    await expect.poll(() => log.stream).not.toBe(stream)
    for await (const { key } of sink.list(`v1/lelu/s/${stream}/`)) expect(key).toBe('nothing')
  })
})
