import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { directorySink } from '../../src/index.ts'
import { verifyLog } from '../../src/reading.ts'
import { fakeSink } from '../fake-sink.ts'
import { diskError, faultyFiles } from '../faults.ts'
import { decision, temporaryFolder } from '../support.ts'
import { archived, linesOfStream, openQuick, recordsOfKind } from '../support-log.ts'

const byHand = { sealMs: 600_000, shipMs: 600_000, endedMs: 600_000 }
const small = { ...byHand, segmentBytes: 1500 }

describe('shipping', () => {
  it('tells of the stream first, then brings its records in order, then what signs them', async () => {
    const sink = fakeSink()
    const log = await openQuick({ sink }, small)
    for (let n = 0; n < 10; n += 1) await log.append(decision(`d${n}`))
    expect(await log.ship()).toBe(true)
    const kinds = sink.puts.map((key) =>
      key.replace(/^v1\/lelu\/(?:s\/[^/]+\/)?([a-z]+)\/.*/, '$1'),
    )
    expect([...new Set(kinds)]).toEqual(['keys', 'streams', 'seg', 'cp'])
    const segments = sink.puts.filter((key) => key.includes('/seg/'))
    expect(segments.length).toBeGreaterThan(3)
    expect(segments).toEqual([...segments].sort())
    const { lines, checkpoints } = archived(sink, log.stream)
    expect(lines).toEqual(await linesOfStream(log.directory, log.stream))
    expect(checkpoints).toEqual([11])
  })

  it('goes by itself, a while after a record', async () => {
    const sink = fakeSink()
    const log = await openQuick({ sink })
    await log.append(decision('a'))
    await expect.poll(() => archived(sink, log.stream).checkpoints.at(-1)).toBe(2)
    await log.append(decision('b'))
    await expect.poll(() => archived(sink, log.stream).checkpoints.at(-1)).toBe(3)
  })

  it('brings the close record as well, and notes that all is there', async () => {
    const directory = temporaryFolder()
    const archive = temporaryFolder()
    const log = await openQuick({ directory, sink: directorySink({ directory: archive }) })
    await log.append(decision('a'))
    await log.close()
    const note = JSON.parse(readFileSync(join(directory, log.stream, 'shipped'), 'utf8'))
    expect(note).toMatchObject({ seq: 3, size: 3, complete: true })
    // Whoever comes next has nothing to do for it.
    const sink = directorySink({ directory: archive })
    let asked = 0
    const next = await openQuick({
      directory,
      sink: {
        ...sink,
        put: (key, bytes, type) => {
          if (key.includes(log.stream)) asked += 1
          return sink.put(key, bytes, type)
        },
      },
    })
    await next.append(decision('b'))
    await next.close()
    expect(asked).toBe(0)
  })

  it('goes on while the local disk takes no notes', async () => {
    const sink = fakeSink()
    const files = faultyFiles({
      before: async (operation, path) => {
        if (operation === 'replace' && path.endsWith('shipped')) throw diskError('ENOSPC')
      },
    })
    const log = await openQuick({ sink }, small, files)
    for (let n = 0; n < 5; n += 1) await log.append(decision(`d${n}`))
    expect(await log.ship()).toBe(true)
    await log.append(decision('more'))
    const before = sink.puts.length
    expect(await log.ship()).toBe(true)
    expect(sink.puts.length).toBe(before + 2) // one segment and one checkpoint: nothing twice
  })

  it('does not believe a note that does not fit what is on disk', async () => {
    const sink = fakeSink()
    const log = await openQuick({ sink }, small)
    for (let n = 0; n < 6; n += 1) await log.append(decision(`d${n}`))
    const lines = await linesOfStream(log.directory, log.stream)
    const place = { file: '0000000000000000.jsonl', offset: Buffer.byteLength(lines[0] ?? '') + 1 }
    const forged = { sink: sink.name, place, seq: 3, size: 0, bytes: 9, announced: true }
    writeFileSync(join(log.directory, log.stream, 'shipped'), JSON.stringify(forged))
    expect(await log.ship()).toBe(true)
    expect(archived(sink, log.stream).lines).toEqual(lines)
  })
})

describe('an archive that fails', () => {
  it('at each object in turn gets everything in the end, in order and once', async () => {
    for (let failing = 0; failing < 8; failing += 1) {
      let count = 0
      const lost = failing % 2 === 1 // the object came through, its reply did not
      const fail = async (operation: string) => {
        if (operation !== 'put') return
        count += 1
        if (count === failing + 1) throw diskError('ECONNRESET')
      }
      const sink = fakeSink(lost ? { after: fail } : { before: fail })
      const log = await openQuick({ sink }, small)
      for (let n = 0; n < 8; n += 1) await log.append(decision(`d${n}`))
      await log.ship()
      await log.append(decision('later'))
      await expect.poll(() => log.ship(), { message: `object ${failing}` }).toBe(true)
      expect(count).toBeGreaterThan(failing)
      const lines = await linesOfStream(log.directory, log.stream)
      expect(archived(sink, log.stream).lines).toEqual(lines)
      expect(archived(sink, log.stream).checkpoints.at(-1)).toBe(lines.length)
    }
  })

  it('for long is brought everything when it is back, oldest first', async () => {
    let away = true
    const sink = fakeSink({
      before: async () => {
        if (away) throw diskError('ECONNREFUSED')
      },
    })
    const directory = temporaryFolder()
    const streams: string[] = []
    for (let n = 0; n < 3; n += 1) {
      const log = await openQuick({ directory, sink }, { closeMs: 200 })
      for (let id = 0; id < 5; id += 1) await log.append(decision(`${n}-${id}`))
      await log.close()
      streams.push(log.stream)
    }
    expect(sink.objects.size).toBe(0)
    away = false
    const log = await openQuick({ directory, sink })
    await log.append(decision('last'))
    await log.close()
    const told = sink.puts.filter((key) => key.includes('/streams/'))
    const wanted = [...streams].map((stream) => `v1/lelu/streams/${stream}.json`)
    expect(told.filter((key) => !key.includes(log.stream))).toEqual(wanted)
    for (const stream of [...streams, log.stream]) {
      const lines = await linesOfStream(directory, stream)
      expect(archived(sink, stream)).toMatchObject({ lines, checkpoints: [lines.length] })
    }
  })
})

describe('what a process that died had put', () => {
  /** A stream whose records 0 to 7 lie in the archive, cut as the process that died had cut them. */
  async function found(cut: (lines: string[]) => string, from = 0) {
    const sink = fakeSink()
    const log = await openQuick({ sink }, small)
    for (let n = 0; n < 7; n += 1) await log.append(decision(`d${n}`))
    const lines = await linesOfStream(log.directory, log.stream)
    const key = `v1/lelu/s/${log.stream}/seg/${String(from).padStart(16, '0')}.jsonl.gz`
    sink.objects.set(key, gzipSync(cut(lines), { level: 1 }))
    return { sink, log, lines }
  }

  it.each([
    ['shorter', (lines: string[]) => `${lines[0]}\n`],
    ['longer', (lines: string[]) => `${lines.slice(0, 7).join('\n')}\n`],
    ['in other bytes of the same text', (lines: string[]) => `${lines.slice(0, 3).join('\n')}\n`],
  ])('%s counts, when it is the same', async (_, cut) => {
    const { sink, log, lines } = await found(cut)
    expect(await log.ship()).toBe(true)
    expect(archived(sink, log.stream).lines).toEqual(lines)
  })

  it.each([
    ['other records', () => `${JSON.stringify({ seq: 0 })}\n`],
    ['half a record', (lines: string[]) => (lines[0] ?? '').slice(0, 50)],
    ['nothing', () => ''],
    ['more than there is', (lines: string[]) => `${lines.join('\n')}\n${lines[0]}\n`],
  ])(
    'that is %s is not written over: the process goes on in a new stream, and says so',
    async (_, cut) => {
      const { sink, log } = await found(cut)
      const old = log.stream
      const held = new Map(sink.objects)
      expect(await log.ship()).toBe(false)
      for (const [key, bytes] of held) expect(sink.objects.get(key)).toBe(bytes)
      await log.append(decision('after'))
      expect(log.stream).not.toBe(old)
      await expect
        .poll(() => recordsOfKind(log.directory, 'recovery'))
        .toMatchObject([{ of: old, cause: 'conflict' }])
      expect(await log.ship()).toBe(true)
      await log.close()
      expect(archived(sink, log.stream).lines).toEqual(
        await linesOfStream(log.directory, log.stream),
      )
      expect(await verifyLog({ directory: log.directory })).toMatchObject({ ok: true })
    },
  )

  it('refuses those that wait for the archive to hold a record, at once', async () => {
    const sink = fakeSink()
    const options = { sink, durability: 'remote', remoteDeadlineMs: 60_000 } as const
    const log = await openQuick(options, byHand)
    await log.append(decision('first'))
    const key = `v1/lelu/s/${log.stream}/seg/${'2'.padStart(16, '0')}.jsonl.gz`
    sink.objects.set(key, gzipSync('another\n'))
    await expect(log.append(decision('second'))).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_CONFLICT',
    })
    expect(await log.append(decision('third'))).toMatchObject({ seq: 1 })
  })
})
