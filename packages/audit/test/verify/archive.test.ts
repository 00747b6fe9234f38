import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { directorySink } from '../../src/index.ts'
import { archiveSource, verifyLog } from '../../src/reading.ts'
import { checkpointKey, segmentKey, streamKey } from '../../src/sink/layout.ts'
import { temporaryFolder, writeStream } from '../support.ts'
import { archiveObjects, copyOf, genuine, log, type Model, signing } from './model.ts'
import { policyOf } from './signed-log.ts'
import { type VersionedSink, versionedSink } from './versioned-sink.ts'

const base = genuine()
const trust = policyOf(log, signing.key)
const first = base.streams[0]?.name as string

async function bucketOf(
  objects: ReadonlyMap<string, Buffer>,
  options: Parameters<typeof versionedSink>[0] = {},
): Promise<VersionedSink> {
  const sink = versionedSink(options)
  for (const [key, bytes] of objects) await sink.put(key, bytes, '')
  return sink
}

async function verifyObjects(objects: ReadonlyMap<string, Buffer>, more = {}) {
  return verifyLog({ source: archiveSource(await bucketOf(objects)), trust, ...more })
}

/** The archive of the base, changed. */
function changed(change: (objects: Map<string, Buffer>) => void, model: Model = base) {
  const objects = archiveObjects(model)
  change(objects)
  return objects
}

describe('an archive', () => {
  it('in a plain folder is recognised and verified like one in a bucket', async () => {
    const directory = join(mkdtempSync(join(temporaryFolder(), 'a-')), 'archive')
    const sink = directorySink({ directory })
    for (const [key, bytes] of archiveObjects(base)) await sink.put(key, bytes, '')
    const report = await verifyLog({ directory, trust })
    expect(report).toMatchObject({ ok: true, records: 98, warnings: [] })
  })

  it('holds other logs, which are read alone when they are named, and canaries, which are no part of it', async () => {
    const objects = changed((map) => map.set('v1/_canary/01kar6w0f3000000000000000a', Buffer.of(1)))
    expect(await verifyObjects(objects)).toMatchObject({ ok: true, records: 98 })
    const source = archiveSource(await bucketOf(objects), { log: 'example.com' })
    // None of that name is there: not a log that was verified.
    expect(await verifyLog({ source })).toMatchObject({ ok: false, exit: 1, records: 0 })
  })

  it.each<[string, number, string, (packed: Buffer) => Buffer]>([
    ['a second gzip member', 11, 'extra_bytes', (packed) => Buffer.concat([packed, gzipSync('x')])],
    [
      'an empty second member',
      11,
      'extra_bytes',
      (packed) => Buffer.concat([packed, gzipSync('')]),
    ],
    ['a missing end', 12, 'edited', (packed) => packed.subarray(0, -1)],
    ['half of it missing', 12, 'edited', (packed) => packed.subarray(0, packed.length >> 1)],
    ['another checksum', 12, 'edited', (packed) => spoilAt(packed, packed.length - 6)],
    ['another length', 12, 'edited', (packed) => spoilAt(packed, packed.length - 1)],
    ['a field in its head', 12, 'edited', (packed) => spoilAt(packed, 3)],
    ['no gzip', 12, 'edited', () => Buffer.from('{"kind":"decision"}\n')],
    ['more than any segment holds', 12, 'edited', () => gzipSync(Buffer.alloc(65 * 1024 * 1024))],
  ])('whose segment has %s is found', async (_, exit, code, change) => {
    const key = segmentKey(log, first, 7)
    const objects = changed((map) => map.set(key, change(map.get(key) as Buffer)))
    const { problems } = await verifyObjects(objects)
    expect(problems[0]).toMatchObject({ exit, code, stream: first })
    expect(problems[0]?.file).toContain('0000000000000007.jsonl.gz')
  })

  it('with an object that does not belong, or without an announcement, or with another one, is found', async () => {
    const key = streamKey(log, first)
    const foreign = changed((map) => map.set('v1/readme.txt', Buffer.of(1)))
    expect(await verifyObjects(foreign)).toMatchObject({
      exit: 11,
      problems: [{ code: 'foreign_file' }],
    })
    const gone = changed((map) => map.delete(key))
    expect(await verifyObjects(gone)).toMatchObject({ exit: 17, problems: [{ stream: first }] })
    const text = (genesis: string) => JSON.stringify({ v: 1, log, stream: first, genesis })
    const other = changed((map) => map.set(key, Buffer.from(text('{}'))))
    expect(await verifyObjects(other)).toMatchObject({
      exit: 15,
      problems: [{ code: 'replaced', seq: 0 }],
    })
    const broken = changed((map) => map.set(key, Buffer.from('{')))
    expect(await verifyObjects(broken)).toMatchObject({ exit: 12, problems: [{ code: 'edited' }] })
  })

  it('whose running stream has an older checkpoint in the place of its newest one is found', async () => {
    const model = copyOf(base)
    const { name, lines, starts, checkpoints, kept } = model.streams.at(
      -1,
    ) as Model['streams'][number]
    // Nothing says where it ends, and no other stream saw what was signed.
    lines.pop()
    checkpoints.delete(lines.length + 1)
    checkpoints.set(lines.length, kept.get(lines.length) as string)
    const objects = (older: number) =>
      changed((map) => {
        const text = Buffer.from(kept.get(older) as string)
        map.set(checkpointKey(log, name, lines.length), text)
      }, model)
    expect(await verifyObjects(objects(lines.length))).toMatchObject({ exit: 0 })
    expect(await verifyObjects(objects(starts.at(-1) as number))).toMatchObject({
      exit: 15,
      problems: [{ code: 'rollback', stream: name }],
    })
  })

  it('may lack for some minutes what is on its way to it, and no longer', async () => {
    const model = copyOf(base)
    const last = model.streams.at(-1)
    last?.checkpoints.delete(last.lines.length)
    const source = async () => archiveSource(await bucketOf(archiveObjects(model)))
    const stored = Date.parse('2026-01-01T00:00:00.000Z')
    const soon = await verifyLog({ source: await source(), trust, now: () => stored + 60_000 })
    expect(soon).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('no checkpoint yet')],
    })
    expect(soon.notProven.join()).toContain('records 19 to 23')
    const later = await verifyLog({ source: await source(), trust, now: () => stored + 900_000 })
    expect(later).toMatchObject({ exit: 15, problems: [{ code: 'rollback' }] })
  })

  it('may lack a stream, or its newest records, that another one has seen just now', async () => {
    const model = copyOf(base)
    model.streams.splice(2, 1)
    const source = async () => archiveSource(await bucketOf(archiveObjects(model)))
    // The time of the record that saw it.
    const seen = 1_767_225_600_000 + 200_000
    const soon = await verifyLog({ source: await source(), trust, now: () => seen + 60_000 })
    expect(soon).toMatchObject({ ok: true, warnings: [expect.stringContaining('not arrived yet')] })
    const later = await verifyLog({ source: await source(), trust, now: () => seen + 900_000 })
    expect(later).toMatchObject({ exit: 17 })
  })
})

const spoilAt = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] as number) ^ 8
  return changed
}

describe('immutability', () => {
  const demanded = { immutable: { mode: 'COMPLIANCE', days: 365 } } as const
  const verify = async (options: Parameters<typeof versionedSink>[0]) =>
    verifyLog({
      source: archiveSource(await bucketOf(archiveObjects(base), options)),
      ...{ trust, require: demanded, now: () => Date.parse('2026-06-01') },
    })

  it('that is demanded is proven for each object', async () => {
    const report = await verify({})
    expect(report.ok).toBe(true)
    expect(report.proven.join()).toContain('29 objects of the archive are held in mode COMPLIANCE')
  })

  it.each([
    ['without a lock', { mode: null }],
    ['in a weaker mode', { mode: 'GOVERNANCE' as const }],
    ['for fewer days', { days: 364 }],
  ])('is not there for an object that is held %s', async (_, options) => {
    const { exit, problems } = await verify(options)
    expect(exit).toBe(18)
    expect(problems.map(({ code }) => code)).toEqual(Array(29).fill('not_immutable'))
  })

  it('of one object among many is found, and a legal hold is enough', async () => {
    const sink = await bucketOf(archiveObjects(base))
    const [held] = [...sink.objects.values()].slice(7)
    const check = () => verifyLog({ source: archiveSource(sink), trust, require: demanded })
    if (held)
      held.retention = { mode: 'COMPLIANCE', until: '2026-01-02T00:00:00Z', legalHold: false }
    expect((await check()).problems).toMatchObject([{ exit: 18 }])
    if (held) held.retention.legalHold = true
    expect((await check()).problems).toEqual([])
  })

  it('whose time is over is told', async () => {
    const source = archiveSource(await bucketOf(archiveObjects(base)))
    const now = () => Date.parse('2027-06-01')
    const report = await verifyLog({ source, trust, require: demanded, now })
    expect(report).toMatchObject({ ok: true, warnings: [expect.stringContaining('has run out')] })
  })

  it('is never that of a log folder', async () => {
    const directory = temporaryFolder()
    await writeStream(directory, 1)
    const report = await verifyLog({ directory, require: demanded })
    expect(report).toMatchObject({ exit: 18 })
  })
})
