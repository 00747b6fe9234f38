import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { thisProcess } from '../../src/folder/owner.ts'
import { directorySink } from '../../src/index.ts'
import { checkpointKey } from '../../src/sink/layout.ts'
import { listUnshipped } from '../../src/sink/unshipped.ts'
import { fakeSink } from '../fake-sink.ts'
import { deadStream, decision, temporaryFolder, writeStream } from '../support.ts'
import { archived, linesOfStream, openQuick } from '../support-log.ts'
import { checkpointOf, keyOf } from '../verify/signed-log.ts'

async function isArchived(sink: ReturnType<typeof fakeSink>, directory: string, stream: string) {
  const lines = await linesOfStream(directory, stream)
  const there = archived(sink, stream)
  expect(there).toMatchObject({ lines, announced: true })
  expect(there.checkpoints.at(-1)).toBe(lines.length)
}

const dead = () => JSON.stringify({ ...thisProcess(), pid: 2 ** 22 - 3, started: '1' })

function lockOf(directory: string, stream: string, text: string): string {
  mkdirSync(join(directory, 'shipping'), { recursive: true })
  const path = join(directory, 'shipping', `${stream}.json`)
  writeFileSync(path, text)
  return path
}

describe('a stream that has ended', () => {
  it('before there was an archive is brought there, and that of a dead process with its end signed', async () => {
    const directory = temporaryFolder()
    const closed = await writeStream(directory, 3)
    const died = await deadStream(directory, 2, '{"half')
    const sink = fakeSink()
    const log = await openQuick({ directory, sink })
    await log.append(decision('a'))
    await expect.poll(() => archived(sink, died).checkpoints).toEqual([3])
    await log.close()
    for (const stream of [closed, died, log.stream]) await isArchived(sink, directory, stream)
    expect(readdirSync(join(directory, 'shipping'))).toEqual([])
    expect(await listUnshipped(directory, sink.name)).toEqual([])
    expect(await listUnshipped(directory, 'another')).toHaveLength(3)
  })

  it('is shipped by one process only, though several find it', async () => {
    const directory = temporaryFolder()
    const streams = [await writeStream(directory, 3), await writeStream(directory, 3)]
    let together = 0
    let most = 0
    const sink = fakeSink({
      before: async (_, key) => {
        if (!streams.some((stream) => key.includes(stream))) return
        together += 1
        most = Math.max(most, together)
        await new Promise((resolve) => setTimeout(resolve, 5))
        together -= 1
      },
    })
    const logs = await Promise.all([1, 2, 3, 4].map(() => openQuick({ directory, sink })))
    await Promise.all(logs.map((log) => log.append(decision('a'))))
    await Promise.all(logs.map((log) => log.close()))
    for (const stream of streams) await isArchived(sink, directory, stream)
    expect(most).toBeLessThanOrEqual(streams.length)
    const puts = sink.puts.filter((key) => streams.some((stream) => key.includes(stream)))
    expect(new Set(puts).size).toBe(puts.length)
  })

  it('is shipped though the process that began to has died', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 3)
    lockOf(directory, stream, dead())
    const sink = fakeSink()
    const log = await openQuick({ directory, sink })
    await log.append(decision('a'))
    await log.close()
    await isArchived(sink, directory, stream)
  })

  it('is left to the process of another machine that holds its lock, and counts for none here', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 3)
    const text = JSON.stringify({ ...thisProcess(), machine: 'another' })
    const path = lockOf(directory, stream, text)
    const sink = fakeSink()
    const log = await openQuick({ directory, sink, backlog: { ms: 200 } })
    await log.append(decision('a'))
    await expect.poll(() => log.archive?.bytes).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 400))
    await log.append(decision('b'))
    expect(await log.ship()).toBe(false)
    expect(log.archive?.bytes).toBe(0)
    await log.close()
    expect(archived(sink, stream)).toEqual({ lines: [], checkpoints: [], announced: false })
    expect(readFileSync(path, 'utf8')).toBe(text)
    await isArchived(sink, directory, log.stream)
  })

  it('is not one that another process is just beginning', async () => {
    const directory = temporaryFolder()
    const sink = fakeSink()
    const writing = await openQuick({ directory })
    await writing.append(decision('a'))
    expect(await listUnshipped(directory, sink.name)).toEqual([])
    const log = await openQuick({ directory, sink })
    await log.append(decision('b'))
    await log.close()
    expect(archived(sink, writing.stream).announced).toBe(false)
  })

  it('in whose place the archive holds something else keeps no other from it, and is tried once', async () => {
    const directory = temporaryFolder()
    const forked = await writeStream(directory, 3)
    const other = await writeStream(directory, 3)
    const sink = fakeSink()
    const key = `v1/lelu/s/${forked}/seg/${'0'.padStart(16, '0')}.jsonl.gz`
    sink.objects.set(key, gzipSync('another\n'))
    const log = await openQuick({ directory, sink })
    await log.append(decision('a'))
    await log.close()
    await isArchived(sink, directory, other)
    await isArchived(sink, directory, log.stream)
    const note = JSON.parse(readFileSync(join(directory, forked, 'shipped'), 'utf8'))
    expect(note).toMatchObject({ conflict: true, complete: false })
    expect(await listUnshipped(directory, sink.name)).toEqual([])
  })

  it('of which the archive holds a checkpoint of other records is a fork; of the same ones it may be signed again', async () => {
    const directory = temporaryFolder()
    const [forked, again] = [await writeStream(directory, 3), await writeStream(directory, 3)]
    const sink = fakeSink()
    for (const [stream, change] of [
      [forked, (line: string) => `${line} `],
      [again, (line: string) => line],
    ] as const) {
      const lines = (await linesOfStream(directory, stream)).map(change)
      const text = checkpointOf({ log: 'lelu', key: keyOf(9) }, stream, lines)
      await sink.put(checkpointKey('lelu', stream, lines.length), Buffer.from(text), 'text/plain')
    }
    const log = await openQuick({ directory, sink })
    await log.append(decision('a'))
    await log.close()
    const note = (stream: string) =>
      JSON.parse(readFileSync(join(directory, stream, 'shipped'), 'utf8'))
    expect(note(forked)).toMatchObject({ conflict: true, complete: false })
    expect(note(again)).toMatchObject({ conflict: false, complete: true })
  })

  it('that cannot be read keeps no other from the archive', async () => {
    const directory = temporaryFolder()
    const [unreadable = '', other = ''] = [
      await writeStream(directory, 3),
      await writeStream(directory, 3),
    ].sort()
    const segment = join(directory, unreadable, '0000000000000000.jsonl')
    rmSync(segment)
    mkdirSync(segment)
    const sink = fakeSink()
    const log = await openQuick({ directory, sink })
    await log.append(decision('a'))
    expect(await log.ship()).toBe(false)
    await isArchived(sink, directory, other)
    expect(log.archive).toMatchObject({ failure: undefined, bytes: 0 })
  })

  it('in a folder as archive lies there as in any other', async () => {
    const directory = temporaryFolder()
    const archive = temporaryFolder()
    const stream = await writeStream(directory, 3)
    const log = await openQuick({ directory, sink: directorySink({ directory: archive }) })
    await log.append(decision('a'))
    await log.close()
    const objects = new Map<string, Buffer>()
    for await (const { key } of directorySink({ directory: archive }).list('v1/')) {
      objects.set(key, readFileSync(join(archive, key)))
    }
    const lines = await linesOfStream(directory, stream)
    expect(archived({ objects }, stream)).toMatchObject({ lines, checkpoints: [lines.length] })
    expect(archived({ objects }, log.stream).lines).toHaveLength(3)
  })
})
