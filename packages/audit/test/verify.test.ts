import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAuditLog } from '../src/index.ts'
import { describeReport, verifyLog } from '../src/reading.ts'
import { genesisHash } from '../src/record/line.ts'
import { decision, linesOf, problemsOf, temporaryFolder, writeStream } from './support.ts'
import { forge, resum, segmented } from './verify/forging.ts'

describe('verifying', () => {
  it('says what is proven and what is not of a log that is intact', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 3)
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({
      ...{ ok: true, exit: 0, records: 5, problems: [], warnings: [], unfinished: [] },
      kinds: { genesis: 1, decision: 3, close: 1 },
      streams: [{ stream, records: 5, firstSeq: 0, lastSeq: 4, state: 'closed' }],
    })
    expect(report.notProven[0]).toMatch(/^who signed: the keys lie beside the log/)
    const text = describeReport(report)
    for (const part of [
      'intact: 5 records',
      '3  decision',
      ...report.proven,
      ...report.notProven,
    ]) {
      expect(text).toContain(part)
    }
  })

  it('changes nothing', async () => {
    const { directory } = await segmented(10)
    const state = () => readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort().join()
    const before = state()
    await verifyLog({ directory })
    expect(state()).toBe(before)
  })
})

describe('a stream', () => {
  it('that lost a segment, or the bytes of one, or has one under another name, is found', async () => {
    const { directory, files } = await segmented(25)
    const changes: [string, (path: string, k: number) => void][] = [
      ['gap', (path) => rmSync(path)],
      ['gap', (path) => truncateSync(path, 0)],
      [
        'foreign_file',
        (path) => renameSync(path, path.replace(/\d\.jsonl$/, '').concat('9.jsonl')),
      ],
    ]
    for (const [code, change] of changes) {
      const copy = join(temporaryFolder(), 'copy')
      cpSync(directory, copy, { recursive: true })
      change(join(copy, files[1] ?? ''), 1)
      expect((await problemsOf(copy)).map((one) => one.code)).toEqual([code])
    }
  })

  it('that lost its last segment is cut off', async () => {
    const { directory, files } = await segmented(25)
    rmSync(join(directory, files.at(-1) ?? ''))
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({ ok: false, exit: 16, problems: [{ code: 'truncated' }] })
  })

  it('with a file that does not belong is found', async () => {
    const { directory, stream } = await segmented(3)
    writeFileSync(join(directory, stream, 'notes.txt'), '')
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({
      exit: 11,
      problems: [{ code: 'foreign_file', file: `${stream}/notes.txt` }],
    })
  })

  it('with bytes behind its end is found', async () => {
    const { directory, files } = await segmented(3)
    writeFileSync(join(directory, files.at(-1) ?? ''), '{"x', { flag: 'a' })
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({ exit: 11, problems: [{ code: 'extra_bytes' }] })
  })

  it('under the name of another is found in every line', async () => {
    const { directory, stream } = await segmented(1)
    const other = `${stream.slice(0, -1)}${stream.endsWith('0') ? '1' : '0'}`
    renameSync(join(directory, stream), join(directory, other))
    const problems = await problemsOf(directory)
    const codes = problems.map(({ code }) => code)
    expect(codes).toEqual(['edited', 'edited', 'edited', 'bad_signature'])
  })

  it('whose beginning was written anew by a forger is no beginning', async () => {
    const { directory, stream } = await segmented(2)
    const path = join(directory, stream, '0000000000000000.jsonl')
    const { lines, write } = linesOf(path)
    write([forge(lines[0] ?? '', { prev: genesisHash('lelu', 'other') }), ...lines.slice(1)])
    expect((await problemsOf(directory))[0]).toMatchObject({ code: 'bad_genesis', seq: 0, line: 1 })
  })
})

describe('the last record of a stream that is open, which nothing is linked to yet,', () => {
  it.each<[string, (line: string) => Buffer]>([
    ['with other content', (line) => Buffer.from(line.replace('"deny"', '"allow"'))],
    [
      'with a blank, and a fitting sum',
      (line) => Buffer.from(resum(line, (text) => text.replace(',', ', '))),
    ],
    [
      'with a name that appears twice, and a fitting sum',
      (line) => Buffer.from(resum(line, (text) => text.replace('{', '{"agent":{"id":"other"},'))),
    ],
    ['of another log', (line) => Buffer.from(forge(line, { log: 'other' }))],
    ['of another stream', (line) => Buffer.from(forge(line, { stream: 'other' }))],
    ['longer than a record can be', (line) => Buffer.from(forge(line, { x: 'x'.repeat(70_000) }))],
    [
      'with broken UTF-8 that reads as the same text',
      (line) =>
        Buffer.from(
          Buffer.from(line).toString('latin1').replace('\u00ef\u00bf\u00bd', '\u00ff'),
          'latin1',
        ),
    ],
  ])('%s is found', async (_, change) => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    await log.append(decision('a'))
    await log.append(decision('b', { reason: 'not \ufffd readable' }))
    const path = join(directory, log.stream, '0000000000000000.jsonl')
    const original = readFileSync(path)
    const lines = original.toString().split('\n').slice(0, -1)
    const last = change(lines.at(-1) ?? '')
    expect(last.equals(Buffer.from(lines.at(-1) ?? ''))).toBe(false)
    writeFileSync(
      path,
      Buffer.concat([Buffer.from(`${lines.slice(0, -1).join('\n')}\n`), last, Buffer.from('\n')]),
    )
    expect(await problemsOf(directory)).toMatchObject([
      { exit: 12, stream: log.stream, seq: 2, line: 3 },
    ])
    writeFileSync(path, original)
    expect(await problemsOf(directory)).toEqual([])
    await log.close()
  })
})
