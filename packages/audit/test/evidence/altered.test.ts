import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { archiveSource, verifyLog } from '../../src/reading.ts'
import { segmentKey } from '../../src/sink/layout.ts'
import { checkpointOf, keyOf, putStream, segmentsAt } from '../verify/signed-log.ts'
import { versionedSink } from '../verify/versioned-sink.ts'
import {
  archiveOf,
  folderOf,
  log,
  packOf,
  signing,
  stream,
  sumsHold,
  text,
  trust,
  writeOver,
} from './support.ts'

const before = stream({ from: '2026-08-01T10:00:00Z', tail: 'b' })
const older = stream({ from: '2026-10-02T10:00:00Z', tail: 'c', sees: [before] })
const live = stream({
  from: '2026-11-03T10:00:00Z',
  closed: false,
  signed: 8,
  tail: 'd',
  sees: [older],
})
const streams = [before, older, live]

async function verifyPack({ out }: { out: string }) {
  const report = await verifyLog({ directory: out, trust })
  return { exit: report.exit, report }
}

describe('a pack that was altered', () => {
  type Change = (path: string) => void
  const remove: Change = (path) => rmSync(path)
  const zipped =
    (edit: (lines: string) => string): Change =>
    (path) => {
      const lines = gunzipSync(readFileSync(path)).toString()
      if (edit(lines) === lines) throw new Error('nothing was edited')
      writeOver(path, gzipSync(edit(lines)))
    }
  const edited =
    (edit: (text: string) => string): Change =>
    (path) => {
      const was = readFileSync(path, 'utf8')
      if (edit(was) === was) throw new Error('nothing was edited')
      writeOver(path, edit(was))
    }
  const cases: [string, RegExp, Change, number][] = [
    ['a segment that is gone', /seg\//, remove, 16],
    [
      'a record that was edited',
      /seg\//,
      zipped((lines) => lines.replace('trader-1', 'trader-2')),
      12,
    ],
    [
      'bytes behind a segment',
      /seg\//,
      (path) => writeOver(path, Buffer.concat([readFileSync(path), gzipSync('x')])),
      11,
    ],
    [
      'the newest record of a live stream cut off',
      new RegExp(`${live.name}/seg/`),
      zipped((lines) => lines.replace(/[^\n]+\n$/, '')),
      16,
    ],
    ['a checkpoint that is gone', /cp\//, remove, 16],
    ['the checkpoint of a live stream that is gone', new RegExp(`${live.name}/cp/`), remove, 16],
    ['a checkpoint that was edited', /cp\//, edited((cp) => cp.replace(/\n\d+\n/, '\n7\n')), 14],
    ['an announcement that is gone', /streams\//, remove, 17],
    [
      'an announcement of another stream',
      /streams\//,
      edited((told) => told.replace('"seq":0', '"seq":1').replace('seq\\":0', 'seq\\":1')),
      15,
    ],
    [
      'a stream that is gone',
      new RegExp(`${older.name}/`),
      (path) => rmSync(join(path, '../..'), { recursive: true }),
      17,
    ],
    ['the proof that a stream lies outside, gone', /left-out\//, remove, 17],
    [
      'a proof of another record',
      /left-out\//,
      edited((proof) => proof.replace(/index \d+/, 'index 2')),
      13,
    ],
    ['a proof that is none', /left-out\//, (path) => writeFileSync(path, 'proof'), 12],
    [
      'a period of a stream that is left out',
      /pack\.json/,
      edited((told) => told.replace('"from": "2026-10-01', '"from": "2026-07-01')),
      13,
    ],
    [
      'a table that counts one denial fewer',
      /population\.csv/,
      edited((table) => table.replace(/(decision deny),(\d+)/, (_, kind, n) => `${kind},${n - 1}`)),
      12,
    ],
    [
      'a table without a stream',
      /streams\.csv/,
      edited((table) => table.replace(/[^\n]+\n$/, '')),
      12,
    ],
    [
      'a drawn record that was edited',
      /proofs\/.*json/,
      edited((line) => line.replace('-1', '-2')),
      12,
    ],
    [
      'a drawn proof of another place',
      /proofs\/.*tlog-proof/,
      edited((proof) => proof.replace(/index \d+/, 'index 0')),
      12,
    ],
    ['a drawn decision that somebody left out', /proofs\/.*tlog-proof/, remove, 12],
    ['an account of itself that is none', /pack\.json/, (path) => writeFileSync(path, '{}'), 12],
    ['an account of itself that is gone', /pack\.json/, remove, 17],
  ]

  it.each(cases)('is found: %s', async (_, where, change, exit) => {
    const pack = await packOf(folderOf(streams))
    expect(await verifyPack(pack)).toMatchObject({ exit: 0 })
    const file = pack.files.find((name) => where.test(name)) as string
    change(join(pack.out, file))
    expect(await verifyPack(pack)).toMatchObject({ exit })
    expect(sumsHold(pack.out)).toBe(false)
  })

  it('has no other decision in its sample than those that are drawn', async () => {
    const [whole, few] = [
      await packOf(folderOf(streams)),
      await packOf(folderOf(streams), { sample: 2 }),
    ]
    const [fake] = whole.files.filter(
      (name) => /proofs\/.*json/.test(name) && !few.files.includes(name),
    )
    const drawn = few.files.find((name) => /proofs\/.*json/.test(name)) as string
    for (const end of ['json', 'tlog-proof']) {
      const [from, to] = [fake as string, drawn].map((name) => name.replace('json', end))
      cpSync(join(whole.out, from as string), join(few.out, from as string))
      rmSync(join(few.out, to as string))
    }
    const { exit, report } = await verifyPack(few)
    expect(exit).toBe(12)
    expect(report.problems.map(({ message }) => message).join()).toContain('belongs to the sample')
  })

  it('in its key file is found by the sums', async () => {
    const pack = await packOf(folderOf(streams))
    const file = pack.files.find((name) => name.includes('/keys/')) as string
    writeOver(join(pack.out, file), 'another key\n')
    expect(sumsHold(pack.out)).toBe(false)
  })

  it('does not hide a stream by calling a short time after its records the time of taking', async () => {
    const pack = await packOf(folderOf(streams))
    const told = JSON.parse(text(pack, 'pack.json'))
    // The record that noted the stream `older` would have been written while the pack was.
    const noted = new Date(Date.parse('2026-11-03T10:00:00Z') - 7_200_000).toISOString()
    told.streams = told.streams.filter((one: { stream: string }) => one.stream !== older.name)
    writeFileSync(join(pack.out, 'pack.json'), JSON.stringify({ ...told, taken: noted }))
    rmSync(join(pack.out, 'v1', log, 's', older.name), { recursive: true })
    rmSync(join(pack.out, 'v1', log, 'streams', `${older.name}.json`))
    expect(await verifyPack(pack)).toMatchObject({ exit: 17 })
  })

  it('does not hide a stream by calling the very time at which it was noted that of taking', async () => {
    const noting = stream({ from: '2026-11-03T10:00:00Z', everyMs: 3_600_000, sees: [older] })
    const pack = await packOf(folderOf([older, noting]))
    const told = JSON.parse(text(pack, 'pack.json'))
    told.streams = told.streams.filter((one: { stream: string }) => one.stream !== older.name)
    const [taken, done] = ['2026-11-03T09:59:00.000Z', '2026-11-03T10:30:00.000Z']
    rmSync(join(pack.out, 'v1', log, 's', older.name), { recursive: true })
    rmSync(join(pack.out, 'v1', log, 'streams', `${older.name}.json`))
    for (const source of ['folder', 'archive']) {
      const forged = JSON.stringify({ ...told, source, taken, done })
      writeFileSync(join(pack.out, 'pack.json'), forged)
      expect(await verifyPack(pack)).toMatchObject({ exit: 17 })
    }
  })

  it('does not show that nothing happened by what it leaves out', async () => {
    const pack = await packOf(folderOf([before, older]))
    const told = JSON.parse(text(pack, 'pack.json'))
    writeFileSync(join(pack.out, 'pack.json'), JSON.stringify({ ...told, streams: [] }))
    for (const name of ['s', 'streams'])
      rmSync(join(pack.out, 'v1', log, name), { recursive: true })
    const { report } = await verifyPack(pack)
    expect(report).toMatchObject({ ok: false, exit: 1, proven: [], problems: [{ code: 'empty' }] })
  })

  it('leaves out no stream that another saw go on behind its end, or end otherwise', async () => {
    for (const lines of [
      [...before.lines, 'more'],
      [...before.lines.slice(0, -1), 'other'],
    ]) {
      const saw = stream({ from: '2026-10-02T10:00:00Z', sees: [{ ...before, lines }] })
      expect(await verifyPack(await packOf(folderOf([before, saw])))).toMatchObject({ exit: 17 })
    }
  })

  it('signed by somebody else is not what the log signed', async () => {
    const pack = await packOf(folderOf(streams))
    const { name } = older
    const file = pack.files.find((one) => one.includes(`${name}/cp/`)) as string
    const forged = checkpointOf({ log, key: keyOf(9) }, name, older.lines)
    writeOver(join(pack.out, file), forged)
    expect(await verifyPack(pack)).toMatchObject({ exit: 14 })
  })
})

describe('a log that is damaged', () => {
  it('is copied as it is, and the verifier of the pack finds the damage', async () => {
    const directory = folderOf(streams)
    const file = join(directory, older.name, '0000000000000004.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').replace('trader-1', 'trader-2'))
    const pack = await packOf(directory)
    const { report } = await verifyPack(pack)
    expect(report).toMatchObject({
      exit: 12,
      problems: [{ code: 'edited', stream: older.name, seq: 4 }],
    })
  })

  it.each([
    ['no JSON', 'x'],
    ['bytes that are no text', Buffer.of(0xff, 0xfe)],
    [
      'a record of a log that leads out of the folder',
      '{"kind":"decision","log":"../../x","prev":"","seq":4,"stream":"a","ts":"2026-11-01"}',
    ],
    [
      'a decision whose id is no text',
      '{"decision":1,"id":{"a":1},"kind":"decision","log":"l","prev":"","seq":4,"stream":"../x","ts":"2026-11-01T00:00:00.000Z"}',
    ],
  ])('is copied with a line that is %s', async (_, line) => {
    const directory = folderOf(streams)
    const file = join(directory, older.name, '0000000000000004.jsonl')
    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(
      file,
      Buffer.concat([Buffer.from(line), Buffer.from(`\n${lines.slice(1).join('\n')}`)]),
    )
    const { report } = await verifyPack(await packOf(directory))
    expect(report.exit).toBe(12)
    expect(report.problems.every(({ stream: one }) => one === older.name)).toBe(true)
  })

  it('with a newline that was written over is not taken for one whose last line is unfinished', async () => {
    const directory = folderOf(streams)
    const file = join(directory, live.name, '0000000000000007.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\n$/, 'x'))
    expect(await verifyPack(await packOf(directory))).toMatchObject({ exit: 12 })
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -50))
    expect(await verifyPack(await packOf(directory))).toMatchObject({ exit: 0 })
  })

  it('with a file that does not belong tells of it in the pack', async () => {
    const directory = folderOf(streams)
    writeFileSync(join(directory, older.name, 'notes'), '')
    expect(await verifyPack(await packOf(directory))).toMatchObject({ exit: 11 })
  })

  it('in an archive, with bytes behind a segment, tells of them in the pack', async () => {
    const directory = await archiveOf([before, older])
    const path = join(directory, segmentKey(log, older.name, 4))
    writeOver(path, Buffer.concat([readFileSync(path), gzipSync('')]))
    const pack = await packOf(directory)
    const { report } = await verifyPack(pack)
    expect(report).toMatchObject({ exit: 11, records: 12 })
    expect(report.problems).toMatchObject([{ code: 'extra_bytes', stream: older.name }])
  })

  it('in an archive, where an object was written twice, tells of that in the pack', async () => {
    const sink = versionedSink()
    for (const { name, lines } of [before, older]) {
      await putStream(sink, signing, name, segmentsAt(lines, [4]))
    }
    const source = archiveSource(sink)
    const key = segmentKey(log, older.name, 4)
    sink.rewrite(key, gzipSync('x'))
    const pack = await packOf('/', { source })
    expect(await verifyPack(pack)).toMatchObject({ exit: 10 })
  })
})
