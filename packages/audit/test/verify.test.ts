import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeReport, openAuditLog, verifyLog } from '../src/index.ts'
import { jsonText } from '../src/record/json-text.ts'
import { genesisHash, leafHashOfText, withSum } from '../src/record/line.ts'
import { openWith } from '../src/write/log.ts'
import { faultyFiles } from './faults.ts'
import {
  decision,
  linesOf,
  problemsOf,
  segmentsOf,
  temporaryFolder,
  writeStream,
} from './support.ts'

/** Small whole numbers that are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A log of one closed stream in several segments, and what its folder held. */
async function segmented(
  count: number,
): Promise<{ directory: string; stream: string; files: string[] }> {
  const directory = temporaryFolder()
  const log = openWith(faultyFiles({}), { directory }, { segmentBytes: 4000, retryMs: 0 })
  for (let n = 0; n < count; n += 1) await log.append(decision(`d${n}`))
  await log.close()
  return { directory, stream: log.stream, files: segmentsOf(directory) }
}

/** A record with other content and a sum that fits, as a forger writes it. */
function forge(line: string, change: Record<string, unknown>): string {
  const { '~sum': _, ...record } = { ...(JSON.parse(line) as Record<string, unknown>), ...change }
  return withSum(jsonText(record))
}

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

  it('refuses a folder that is not there, and calls an empty one empty', async () => {
    const directory = temporaryFolder()
    expect(await verifyLog({ directory })).toMatchObject({ ok: true, records: 0, streams: [] })
    await expect(verifyLog({ directory: join(directory, 'none') })).rejects.toMatchObject({
      code: 'LELU_AUDIT_NOT_FOUND',
      help: expect.any(String),
    })
  })

  it('changes nothing', async () => {
    const { directory } = await segmented(10)
    const state = () => readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort().join()
    const before = state()
    await verifyLog({ directory })
    expect(state()).toBe(before)
  })
})

describe('one flipped bit', () => {
  it('anywhere in a log, 600 of them, is found and named with stream, number, file and line', {
    timeout: 60_000,
  }, async () => {
    const { directory, stream, files } = await segmented(25)
    const random = seeded(7)
    for (let round = 0; round < 600; round += 1) {
      const file = files[random(files.length)] ?? ''
      const path = join(directory, file)
      const original = readFileSync(path)
      const changed = Buffer.from(original)
      const at = random(changed.length)
      changed[at] = (changed[at] ?? 0) ^ (1 << random(8))
      writeFileSync(path, changed)
      const { ok, exit, problems } = await verifyLog({ directory })
      const where = `${file} byte ${at}`
      expect(ok, where).toBe(false)
      expect(exit, where).toBe(12)
      const lineOf = (bytes: Buffer) => bytes.subarray(0, at).toString('latin1').split('\n').length
      expect(problems[0], where).toMatchObject({
        stream,
        file,
        line: lineOf(original),
        seq: expect.any(Number),
      })
      const firstSeq = Number(file.slice(-22, -6))
      expect(problems[0]?.seq, where).toBe(firstSeq + lineOf(original) - 1)
      writeFileSync(path, original)
    }
    expect(await problemsOf(directory)).toEqual([])
  })
})

type Mutation = (
  lines: string[],
  random: (below: number) => number,
) => { code: string; seq: number }
const mutations: Record<string, Mutation> = {
  'dropped record': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 1)
    return { code: 'gap', seq: k }
  },
  'run of dropped records': (lines, random) => {
    const k = 1 + random(lines.length - 6)
    lines.splice(k, 2 + random(3))
    return { code: 'gap', seq: k }
  },
  'swapped pair': (lines, random) => {
    const k = 1 + random(lines.length - 3)
    const [a = '', b = ''] = lines.slice(k, k + 2)
    lines.splice(k, 2, b, a)
    return { code: 'reordered', seq: k }
  },
  'record that was moved back': (lines, random) => {
    const from = 5 + random(lines.length - 7)
    const to = 1 + random(from - 2)
    lines.splice(to, 0, ...lines.splice(from, 1))
    return { code: 'reordered', seq: to }
  },
  'record that stands twice': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 0, lines[k] ?? '')
    return { code: 'duplicate', seq: k }
  },
  'record with other content and a fitting sum': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines[k] = forge(lines[k] ?? '', { decision: 'allow' })
    return { code: 'edited', seq: k }
  },
  'record with other content': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines[k] = (lines[k] ?? '').replace('"deny"', '"allow"')
    return { code: 'edited', seq: k }
  },
  'record that was put in with a fitting link and sum': (lines, random) => {
    const k = 2 + random(lines.length - 3)
    const before = lines[k - 1] ?? ''
    lines.splice(k, 0, forge(before, { seq: k, prev: leafHashOfText(before), decision: 'allow' }))
    return { code: 'reordered', seq: k }
  },
  'line of something else': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 0, '{"kind":"decision"}')
    return { code: 'bad_line', seq: k }
  },
  'line that is empty': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 0, '')
    return { code: 'bad_line', seq: k }
  },
  'blank that JSON does not care about': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines[k] = (lines[k] ?? '').replace(',', ', ')
    return { code: 'edited', seq: k }
  },
  'name that appears twice, with a fitting sum': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    const text = (lines[k] ?? '').replace(/,"~sum":.*/, '}')
    lines[k] = withSum(text.replace('{', '{"agent":{"id":"other"},'))
    return { code: 'edited', seq: k }
  },
  'front that was cut off': (lines, random) => {
    lines.splice(0, 1 + random(5))
    return { code: 'gap', seq: 0 }
  },
  'tail that was cut off, with the end of the stream': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k)
    return { code: 'truncated', seq: k - 1 }
  },
  'record behind the end': (lines) => {
    const last = lines.at(-1) ?? ''
    lines.push(forge(last, { seq: lines.length, prev: leafHashOfText(last), kind: 'decision' }))
    return { code: 'extra_bytes', seq: lines.length - 1 }
  },
}

describe('a stream with one', () => {
  it.each(Object.entries(mutations))('%s is found, 20 times', async (_, mutate) => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 30)
    const path = join(directory, stream, '0000000000000000.jsonl')
    const original = readFileSync(path)
    const random = seeded(11)
    for (let round = 0; round < 20; round += 1) {
      const { lines, write } = linesOf(path)
      const { code, seq } = mutate(lines, random)
      write(lines)
      const { ok, problems } = await verifyLog({ directory })
      expect(ok).toBe(false)
      expect(problems[0], JSON.stringify(problems)).toMatchObject({ code, stream, seq })
      writeFileSync(path, original)
    }
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

/** The text of a record, changed as a text, with a sum that fits again. */
function resum(line: string, change: (text: string) => string): string {
  return withSum(change(line.replace(/,"~sum":.*/, '}')))
}

/** Writes the whole chain of a stream anew, as a forger with all the time does. */
function rewrite(
  path: string,
  change: (record: Record<string, unknown>) => Record<string, unknown> | undefined,
): void {
  const { lines, write } = linesOf(path)
  let before: string | undefined
  const kept: string[] = []
  for (const line of lines) {
    const record = change(JSON.parse(line) as Record<string, unknown>)
    if (record === undefined) continue
    before = forge(line, {
      ...record,
      seq: kept.length,
      ...(before !== undefined && { prev: leafHashOfText(before) }),
    })
    kept.push(before)
  }
  write(kept)
}

describe('other streams', () => {
  it('contradict one that was rewritten whole', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 5)
    await writeStream(directory, 1)
    rewrite(join(directory, stream, '0000000000000000.jsonl'), (record) =>
      record.id === 'd2' ? { ...record, decision: 'allow' } : record,
    )
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({
      exit: 13,
      problems: [
        { code: 'bad_root', stream, seq: 6 },
        { code: 'replaced', stream, seq: 6 },
      ],
    })
    rmSync(join(directory, stream, 'checkpoint'))
    expect(await problemsOf(directory)).toMatchObject([{ exit: 15, code: 'replaced', stream }])
  })

  it('contradict one that was rewritten without a record, though its end is there', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 5)
    await writeStream(directory, 1)
    rewrite(join(directory, stream, '0000000000000000.jsonl'), (record) =>
      record.id === 'd2' ? undefined : record,
    )
    expect(await verifyLog({ directory })).toMatchObject({
      exit: 16,
      problems: [{ code: 'truncated', stream }],
    })
  })

  it('contradict the deletion of one', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 2)
    await writeStream(directory, 1)
    rmSync(join(directory, stream), { recursive: true })
    expect(await verifyLog({ directory })).toMatchObject({
      exit: 17,
      problems: [{ code: 'stream_missing', stream, seq: 3 }],
    })
  })

  it('contradict one that goes on, or stops, where a recovery did not see it end', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    await log.append(decision('a'))
    await log.append(decision('b'))
    const dead = log.stream
    // The process is gone, as far as the note tells.
    const note = join(directory, 'owners', `${dead}.json`)
    writeFileSync(note, JSON.stringify({ ...JSON.parse(readFileSync(note, 'utf8')), started: '1' }))
    await writeStream(directory, 1)
    expect(existsSync(note)).toBe(false)
    const path = join(directory, dead, '0000000000000000.jsonl')
    expect(await problemsOf(directory)).toEqual([])
    const { lines, write } = linesOf(path)
    write(lines.slice(0, -1))
    expect(await problemsOf(directory)).toMatchObject([{ code: 'truncated', stream: dead, seq: 1 }])
    write(lines)
    const last = lines.at(-1) ?? ''
    write([...lines, forge(last, { seq: 3, prev: leafHashOfText(last) })])
    expect(await problemsOf(directory)).toMatchObject([
      { code: 'extra_bytes', stream: dead, seq: 3 },
    ])
    write([...lines.slice(0, -1), forge(last, { decision: 'allow' })])
    expect(await problemsOf(directory)).toMatchObject([
      { code: 'bad_root', stream: dead, seq: 2 },
      { code: 'replaced', stream: dead, seq: 2 },
    ])
    write(lines)
    writeFileSync(path, '{"a', { flag: 'a' })
    expect(await problemsOf(directory)).toMatchObject([{ code: 'extra_bytes', stream: dead }])
    await log.close()
  })
})

describe('warnings, which are no problems,', () => {
  it('name what was begun and has no end, and what ended without a beginning', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    const refs = (attempt: string) => ({ approval: `approval-${attempt}`, attempt })
    const outcome = {
      kind: 'outcome',
      result: { status: 'completed', digest: null, duration_ms: 1 },
    } as const
    await log.append(decision('ran', { decision: 'allow' }))
    await log.append({ ...outcome, refs: { decision: 'ran' } })
    await log.append(decision('lost', { decision: 'allow' }))
    await log.append(decision('again', { decision: 'allow', refs: { approval: 'approval-1' } }))
    await log.append({ kind: 'token.redeemed', refs: refs('1') })
    await log.append({ kind: 'token.redeemed', refs: refs('2') })
    await log.append({ ...outcome, refs: refs('2') })
    await log.append({ ...outcome, refs: refs('2') }) // written twice by a crash
    await log.append({ ...outcome, refs: refs('3') })
    await log.close()
    const report = await verifyLog({ directory })
    expect(report.ok).toBe(true)
    expect(report.unfinished).toEqual([
      { kind: 'decision_without_outcome', stream: log.stream, seq: 3, decision: 'lost' },
      { kind: 'attempt_without_outcome', stream: log.stream, seq: 5, ...refs('1') },
      { kind: 'outcome_without_redeem', stream: log.stream, seq: 9, ...refs('3') },
    ])
    expect(report.warnings).toHaveLength(3)
  })

  it('name a clock that went back, and files and cut bytes that are not as they were', async () => {
    const directory = temporaryFolder()
    const times = [100_000, 100_000, 90_000, 90_000]
    const log = await openAuditLog({ directory, now: () => times.shift() ?? 90_000 })
    await log.append(decision('a'))
    await log.append(decision('b'))
    await log.close()
    mkdirSync(join(directory, 'quarantine'))
    writeFileSync(join(directory, 'quarantine', 'x.cut'), '')
    writeFileSync(join(directory, 'README'), '')
    const { ok, warnings } = await verifyLog({ directory })
    expect(ok).toBe(true)
    expect(warnings).toEqual([
      `the clock went back while stream ${log.stream} was written`,
      expect.stringContaining('quarantine/x.cut'),
      'README is no part of the log',
    ])
  })
})
