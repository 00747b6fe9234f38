import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readRecords, verifyLog } from '../src/reading.ts'
import { openWith } from '../src/write/log.ts'
import { createStreamWriter } from '../src/write/stream-writer.ts'
import { diskError, faultyFiles } from './faults.ts'
import { decision, temporaryFolder } from './support.ts'

const unavailable = expect.objectContaining({
  code: 'LELU_AUDIT_UNAVAILABLE',
  help: expect.stringContaining('No tool runs until it can be written.'),
})
const limits = { segmentBytes: 1 << 20, retryMs: 0, sealMs: 600_000 }

async function idsOf(directory: string): Promise<unknown[]> {
  const ids = []
  for await (const { record } of readRecords({ directory })) {
    if (record.kind === 'decision') ids.push(record.id)
  }
  return ids
}

describe('a disk that fails', () => {
  it.each([
    ['append', 'ENOSPC'],
    ['append', 'EIO'],
    ['sync', 'EIO'],
    ['sync', 'EROFS'],
  ] as const)(
    'in %s with %s refuses all that wait and all that follow, and is not asked again',
    async (failing, code) => {
      const directory = temporaryFolder()
      let broken = false
      let asked = 0
      const files = faultyFiles({
        before: async (operation) => {
          if (!broken) return
          asked += 1
          if (operation === failing) throw diskError(code)
        },
      })
      const log = openWith(files, { directory }, { ...limits, retryMs: 60_000 })
      await log.append(decision('before'))
      broken = true
      const pending = await Promise.allSettled([
        ...Array.from({ length: 10 }, (_, n) => log.append(decision(`pending ${n}`))),
      ])
      for (const one of pending)
        expect(one).toMatchObject({ status: 'rejected', reason: unavailable })
      expect(pending[0]).toMatchObject({ reason: { cause: { code } } })
      const before = asked
      await expect(log.append(decision('after'))).rejects.toEqual(unavailable)
      expect(asked).toBe(before)
      expect(log.state).toBe('failed')
      await log.close()
      expect((await verifyLog({ directory })).problems).toEqual([])
    },
  )

  it('refuses those that wait behind the batch that failed, too', async () => {
    const directory = temporaryFolder()
    let fail: ((error: Error) => void) | undefined
    let held = false
    const files = faultyFiles({
      before: async (operation) => {
        if (!held || operation !== 'sync') return
        await new Promise<void>((_, reject) => {
          fail = reject
        })
      },
    })
    const log = openWith(files, { directory }, { ...limits, retryMs: 60_000 })
    await log.append(decision('before'))
    held = true
    const inBatch = log.append(decision('in the batch')).catch((error: unknown) => error)
    await expect.poll(() => fail).toBeDefined()
    const behind = log.append(decision('behind it')).catch((error: unknown) => error)
    fail?.(diskError('EIO'))
    expect(await Promise.all([inBatch, behind])).toEqual([unavailable, unavailable])
    held = false
    await log.close()
  })

  it('is not written to by one that still holds the stream', async () => {
    const directory = temporaryFolder()
    mkdirSync(join(directory, 's'))
    const files = faultyFiles({
      before: async (operation) => {
        if (operation === 'sync') throw diskError('EIO')
      },
    })
    const place = { directory, log: 'lelu', stream: 's', now: Date.now }
    const writer = createStreamWriter({ ...place, files, deadlineMs: 1000, segmentBytes: 1 << 20 })
    await expect(writer.append(decision('a'))).rejects.toEqual(unavailable)
    await expect(writer.append(decision('b'))).rejects.toEqual(unavailable)
    await writer.close()
  })

  it('and works again is written to in a new stream, and the old one is ended by a record', async () => {
    const directory = temporaryFolder()
    let failing: string | undefined
    const files = faultyFiles({
      before: async (operation) => {
        if (operation === failing) throw diskError('ENOSPC')
      },
    })
    const log = openWith(files, { directory }, limits)
    await log.append(decision('before'))
    const old = log.stream
    failing = 'sync'
    await expect(log.append(decision('refused'))).rejects.toEqual(unavailable)
    await expect(log.append(decision('refused too'))).rejects.toEqual(unavailable)
    failing = undefined
    expect(await log.append(decision('after'))).toMatchObject({ seq: 1 })
    expect(log.state).toBe('open')
    expect(log.stream).not.toBe(old)
    await log.close()
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({ ok: true, problems: [] })
    expect(report.streams.find(({ stream }) => stream === old)).toMatchObject({
      state: 'recovered',
    })
    expect(await idsOf(directory)).toEqual(expect.arrayContaining(['before', 'after']))
    expect(readdirSync(join(directory, 'owners'))).toEqual([])
  })

  it.each(['makeFolder', 'create', 'syncFolder', 'append', 'sync'] as const)(
    'in %s while the stream begins refuses the event, and the next try begins anew',
    async (failing) => {
      const directory = temporaryFolder()
      let broken = true
      const files = faultyFiles({
        before: async (operation) => {
          if (broken && operation === failing) throw diskError('EACCES')
        },
      })
      const log = openWith(files, { directory }, limits)
      await expect(log.append(decision('refused'))).rejects.toEqual(unavailable)
      expect(log.state).toBe('failed')
      broken = false
      await log.append(decision('written'))
      await log.close()
      expect(await idsOf(directory)).toEqual(['written'])
      expect((await verifyLog({ directory })).problems).toEqual([])
    },
  )

  it('is no unhandled rejection when the first event was itself refused', async () => {
    const files = faultyFiles({
      before: async () => {
        throw diskError('EROFS')
      },
    })
    const log = openWith(files, { directory: temporaryFolder() }, limits)
    const bad = decision('bad', { at: new Date(0) })
    await expect(log.append(bad)).rejects.toMatchObject({ code: 'LELU_JSON_INVALID' })
    await expect.poll(() => log.state).toBe('failed')
    await log.close()
  })

  it('is tried again at most once in the time that is set', async () => {
    const directory = temporaryFolder()
    let tries = 0
    const files = faultyFiles({
      before: async (operation) => {
        if (operation !== 'makeFolder') return
        tries += 1
        throw diskError('EROFS')
      },
    })
    const log = openWith(files, { directory }, { ...limits, retryMs: 60_000 })
    for (let n = 0; n < 5; n += 1) {
      await expect(log.append(decision(`d${n}`))).rejects.toEqual(unavailable)
    }
    expect(tries).toBe(1)
    await log.close()
  })
})

describe('a disk that hangs', () => {
  it.each(['append', 'sync'] as const)(
    'in %s refuses after the deadline; an answer that comes later does not undo it',
    async (hanging) => {
      const directory = temporaryFolder()
      let release: (() => void) | undefined
      let held = false
      let asked = 0
      const files = faultyFiles({
        before: async (operation) => {
          asked += 1
          if (!held || operation !== hanging || release !== undefined) return
          await new Promise<void>((resolve) => {
            release = resolve
          })
        },
      })
      const log = openWith(files, { directory, deadlineMs: 1500 }, limits)
      await log.append(decision('before'))
      const old = log.stream
      held = true
      await expect(log.append(decision('hangs'))).rejects.toEqual(unavailable)
      // Nothing else is tried while the operation is out: each further one would take a thread as well.
      const before = asked
      await expect(log.append(decision('at once'))).rejects.toEqual(unavailable)
      expect(asked).toBe(before)
      release?.()
      await expect.poll(() => log.append(decision('later')).catch(() => undefined)).toBeDefined()
      expect(log.stream).not.toBe(old)
      await log.close()
      expect((await verifyLog({ directory })).problems).toEqual([])
    },
  )

  it('while the stream begins refuses after the deadline, and uses the stream when it has come', async () => {
    const directory = temporaryFolder()
    let release: (() => void) | undefined
    const files = faultyFiles({
      before: async (operation) => {
        if (operation !== 'makeFolder' || release !== undefined) return
        await new Promise<void>((resolve) => {
          release = resolve
        })
      },
    })
    const log = openWith(files, { directory, deadlineMs: 1500 }, limits)
    await expect(log.append(decision('hangs'))).rejects.toEqual(unavailable)
    expect(log.state).toBe('failed')
    await expect(log.append(decision('at once'))).rejects.toEqual(unavailable)
    release?.()
    await expect.poll(() => log.append(decision('later')).catch(() => undefined)).toBeDefined()
    await log.close()
    expect(await verifyLog({ directory })).toMatchObject({
      ok: true,
      streams: [{ state: 'closed' }],
    })
  })

  it('does not keep close from returning', async () => {
    const directory = temporaryFolder()
    let hang = false
    const held: (() => void)[] = []
    const files = faultyFiles({
      before: async () => {
        if (hang) await new Promise<void>((resolve) => held.push(resolve))
      },
    })
    const log = openWith(files, { directory, deadlineMs: 1500 }, limits)
    await log.append(decision('before'))
    hang = true
    await log.close()
    expect(log.state).toBe('closed')
    expect((await verifyLog({ directory })).problems).toEqual([])
    hang = false
    for (const release of held) release()
  })
})
