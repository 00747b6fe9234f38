import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAuditLog } from '../../src/index.ts'
import { verifyLog } from '../../src/reading.ts'
import { leafHashOfText } from '../../src/record/line.ts'
import { decision, linesOf, problemsOf, temporaryFolder, writeStream } from '../support.ts'
import { forge, rewrite } from './forging.ts'

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
    // Signed, so that nothing of it is written beside the recovery: two would rename one file.
    await log.seal()
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

  it('pair a call that a standing grant let run, which was not allowed by its decision, with the use', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    const use = (id: string) => ({ approval: 'approval-1', decision: id, grant: 'grant-1' })
    const result = { status: 'completed', digest: null, duration_ms: 1 } as const
    for (const id of ['ran', 'lost']) {
      await log.append(decision(id, { decision: 'require_approval' }))
      await log.append({ kind: 'grant.used', refs: use(id) })
    }
    await log.append({ kind: 'outcome', refs: { decision: 'ran' }, result })
    await log.close()
    const { unfinished } = await verifyLog({ directory })
    expect(unfinished).toEqual([
      { kind: 'decision_without_outcome', stream: log.stream, seq: 4, decision: 'lost' },
    ])
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
