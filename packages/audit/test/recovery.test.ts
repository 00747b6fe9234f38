import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAuditLog } from '../src/index.ts'
import { readRecords, verifyLog } from '../src/reading.ts'
import {
  deadStream,
  decision,
  problemsOf,
  segmentsOf,
  startWriter,
  temporaryFolder,
  writeStream,
} from './support.ts'

const torn = '{"acting_for":null,"agent":{"id":"trad'

async function recoveriesOf(directory: string, stream?: string) {
  const found = []
  for await (const { record } of readRecords({ directory })) {
    if (record.kind === 'recovery' && (stream === undefined || record.of === stream))
      found.push(record)
  }
  return found
}

function bytesOf(directory: string, stream: string): string {
  return readFileSync(join(directory, stream, '0000000000000000.jsonl'), 'utf8')
}

describe('a stream whose process died', () => {
  it('is cut behind its last record, keeps the cut bytes, and is ended by a record of the next process', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 3, torn)
    expect(await verifyLog({ directory })).toMatchObject({
      ok: true,
      streams: [{ stream: dead, state: 'torn', records: 4 }],
      warnings: [expect.stringContaining('unfinished line')],
    })
    const whole = bytesOf(directory, dead).slice(0, -torn.length)
    await writeStream(directory, 1)
    expect(bytesOf(directory, dead)).toBe(whole)
    const [recovery, ...more] = await recoveriesOf(directory)
    expect(more).toEqual([])
    expect(recovery).toMatchObject({
      of: dead,
      cause: 'owner_dead',
      last_seq: 3,
      cut_bytes: torn.length,
    })
    expect(readFileSync(join(directory, String(recovery?.quarantine)), 'utf8')).toBe(torn)
    expect(readdirSync(join(directory, 'owners'))).toEqual([])
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({ ok: true, warnings: [] })
    expect(report.streams[0]).toMatchObject({
      stream: dead,
      state: 'recovered',
      head: recovery?.last_leaf,
    })
  })

  it('is ended too when nothing is torn, and only once', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 2)
    expect((await verifyLog({ directory })).streams[0]).toMatchObject({ state: 'unclosed' })
    await writeStream(directory, 1)
    await writeStream(directory, 1)
    expect(await recoveriesOf(directory)).toMatchObject([
      { of: dead, cut_bytes: 0, cut_sha256: null, quarantine: null, last_seq: 2 },
    ])
    expect(existsSync(join(directory, 'quarantine'))).toBe(false)
    expect(await problemsOf(directory)).toEqual([])
  })

  it('before its first record was whole is ended without one', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 1)
    writeFileSync(join(directory, dead, '0000000000000000.jsonl'), '{"boot":"41')
    await writeStream(directory, 1)
    expect(await recoveriesOf(directory)).toMatchObject([
      { of: dead, last_seq: null, last_leaf: null, cut_bytes: 11 },
    ])
    expect(await problemsOf(directory)).toEqual([])
    rmSync(join(directory, dead), { recursive: true })
    expect(await problemsOf(directory)).toEqual([])
  })

  it('right after it began a segment is ended at the record before', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 3)
    writeFileSync(join(directory, dead, '0000000000000004.jsonl'), '{"boo')
    await writeStream(directory, 1)
    expect(await recoveriesOf(directory)).toMatchObject([{ of: dead, last_seq: 3, cut_bytes: 5 }])
    expect(await problemsOf(directory)).toEqual([])
  })

  it('is left alone when damage is not at its very end: that is tampering, and stays to be found', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 5, torn)
    const path = join(directory, dead, '0000000000000000.jsonl')
    const damaged = readFileSync(path, 'utf8').replace('"trader-1"', '"trader-2"')
    writeFileSync(path, damaged)
    await writeStream(directory, 1)
    expect(readFileSync(path, 'utf8')).toBe(damaged)
    expect(await recoveriesOf(directory)).toEqual([])
    expect(readdirSync(join(directory, 'owners'))).toEqual([`${dead}.json`])
    expect(await problemsOf(directory)).toMatchObject([
      { code: 'edited', stream: dead, seq: 1, line: 2 },
    ])
  })

  it('is left alone when its last whole line is damaged, or its last newline: a crash leaves neither', async () => {
    for (const change of [
      (text: string) => text.replace(/.(?=.{40}\n$)/, '\u0001'),
      (text: string) => text.replace(/\n$/, '\u000b'),
    ]) {
      const directory = temporaryFolder()
      const dead = await deadStream(directory, 3)
      const path = join(directory, dead, '0000000000000000.jsonl')
      const damaged = change(readFileSync(path, 'utf8'))
      writeFileSync(path, damaged)
      expect(await problemsOf(directory)).toMatchObject([{ stream: dead, seq: 3, line: 4 }])
      await writeStream(directory, 1)
      expect(readFileSync(path, 'utf8')).toBe(damaged)
      expect(await problemsOf(directory)).toMatchObject([{ stream: dead, seq: 3, line: 4 }])
    }
  })

  it('is recovered by whoever comes next when the one that began to died as well', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 2, torn)
    const claimer = await deadStream(temporaryFolder(), 1)
    const owners = join(directory, 'owners')
    // As it is left between the claim and the record, by a process that has gone.
    renameSync(join(owners, `${dead}.json`), join(owners, `${dead}.${claimer}.json`))
    expect((await verifyLog({ directory })).streams).toMatchObject([{ state: 'torn' }])
    await writeStream(directory, 1)
    expect(await recoveriesOf(directory)).toMatchObject([
      { of: dead, last_seq: 2, cut_bytes: torn.length },
    ])
    expect(readdirSync(owners)).toEqual([])
    expect(await problemsOf(directory)).toEqual([])
  })

  it('is not taken from a living process that is recovering it', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 2, torn)
    const alive = await openAuditLog({ directory: temporaryFolder() })
    await alive.append(decision('d'))
    const owners = join(directory, 'owners')
    const note = join(alive.directory, 'owners', `${alive.stream}.json`)
    renameSync(join(owners, `${dead}.json`), join(owners, `${dead}.${alive.stream}.json`))
    writeFileSync(join(owners, `${alive.stream}.json`), readFileSync(note))
    await writeStream(directory, 1)
    expect(await recoveriesOf(directory)).toEqual([])
    expect(bytesOf(directory, dead).endsWith(torn)).toBe(true)
    await alive.close()
  })

  it('is cut once, though several processes and logs begin at the same time', async () => {
    const directory = temporaryFolder()
    const dead = [await deadStream(directory, 2, torn), await deadStream(directory, 2, torn)]
    const writers = Array.from({ length: 3 }, () => startWriter(directory, 2, 5))
    await Promise.all([
      ...writers.map(({ ended }) => ended),
      ...[1, 2, 3].map(() => writeStream(directory, 2)),
    ])
    await writeStream(directory, 1)
    for (const stream of dead) {
      // Each cut is recorded by one process; one that died before it could is followed by another, that finds no more to cut.
      const cuts = (await recoveriesOf(directory, stream)).map(({ cut_bytes }) => cut_bytes)
      expect(cuts.filter((bytes) => bytes === torn.length).length).toBeLessThanOrEqual(1)
      expect(cuts.length).toBeGreaterThanOrEqual(1)
      expect(bytesOf(directory, stream).endsWith('\n')).toBe(true)
    }
    expect(await problemsOf(directory)).toEqual([])
    expect(readdirSync(join(directory, 'quarantine')).length).toBe(2)
  })
})

describe('a stream of a living process', () => {
  it('is never touched, though it ends in an unfinished line', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    await log.append(decision('a'))
    const path = join(directory, segmentsOf(directory)[0] ?? '')
    appendFileSync(path, torn) // as another process sees a write that is going on
    await writeStream(directory, 1)
    expect(readFileSync(path, 'utf8').endsWith(torn)).toBe(true)
    expect(await recoveriesOf(directory)).toEqual([])
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({ ok: true, warnings: [] })
    expect(report.streams[0]).toMatchObject({ stream: log.stream, state: 'open' })
    await log.close()
  })

  it('is remembered by the one that begins beside it', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    const { seq, leaf } = await log.append(decision('a'))
    await writeStream(directory, 1)
    for await (const { record, stream } of readRecords({ directory })) {
      if (record.kind === 'genesis' && stream !== log.stream) {
        expect(record.peers).toEqual([{ stream: log.stream, seq, leaf }])
      }
    }
    await log.close()
    expect(await problemsOf(directory)).toEqual([])
  })
})

describe('SIGKILL', () => {
  it('at any moment, 24 times in one folder, loses no record that was acknowledged', {
    timeout: 300_000,
  }, async () => {
    const directory = temporaryFolder()
    const acknowledged: string[] = []
    for (let round = 0; round < 12; round += 1) {
      const writers = [startWriter(directory, 1 + (round % 3) * 20), startWriter(directory, 16)]
      await expect
        .poll(() => writers.every((one) => one.acknowledged().length > 5), {
          timeout: 60_000,
          interval: 2,
        })
        .toBe(true)
      for (const { child } of writers) {
        await new Promise((resolve) => setTimeout(resolve, (round * 7) % 13))
        child.kill('SIGKILL')
      }
      await Promise.all(writers.map(({ ended }) => ended))
      acknowledged.push(...writers.flatMap((one) => one.acknowledged()))
      expect(await problemsOf(directory), `round ${round}`).toEqual([])
    }
    await writeStream(directory, 1)
    const logged = new Set<unknown>()
    for await (const { record } of readRecords({ directory })) logged.add(record.id)
    expect(acknowledged.length).toBeGreaterThan(24 * 5)
    expect(acknowledged.filter((id) => !logged.has(id))).toEqual([])
    const report = await verifyLog({ directory })
    expect(report.problems).toEqual([])
    expect(report.streams.filter(({ state }) => state === 'recovered')).toHaveLength(24)
  })
})
