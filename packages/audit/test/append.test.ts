import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AuditReceipt, openAuditLog } from '../src/index.ts'
import { readRecords, verifyLog } from '../src/reading.ts'
import { leafHash } from '../src/record/line.ts'
import { openWith } from '../src/write/log.ts'
import { faultyFiles, type Operation } from './faults.ts'
import { decision, problemsOf, segmentsOf, temporaryFolder } from './support.ts'

const invalid = (code: string) => expect.objectContaining({ code, help: expect.any(String) })

describe('a log that is opened', () => {
  it('leaves no trace before its first record', async () => {
    const directory = join(temporaryFolder(), 'audit')
    const log = await openAuditLog({ directory })
    expect(log).toMatchObject({ log: 'lelu', directory, state: 'open' })
    await log.close()
    expect(existsSync(directory)).toBe(false)
    expect(log.state).toBe('closed')
  })

  it('refuses options that cannot work, and a directory that is a file', async () => {
    const file = join(temporaryFolder(), 'file')
    await import('node:fs/promises').then(({ writeFile }) => writeFile(file, ''))
    const misuse = invalid('LELU_AUDIT_OPTIONS_INVALID')
    await expect(openAuditLog({ directory: '' })).rejects.toEqual(misuse)
    await expect(openAuditLog({ directory: 'x', log: 'a\nb' })).rejects.toEqual(misuse)
    await expect(openAuditLog({ directory: 'x', node: '../x' })).rejects.toEqual(misuse)
    await expect(openAuditLog({ directory: 'x', deadlineMs: Number.NaN })).rejects.toEqual(misuse)
    const other = 'often' as 'fsync'
    await expect(openAuditLog({ directory: 'x', durability: other })).rejects.toEqual(misuse)
    await expect(openAuditLog({ directory: 'x', durability: 'remote' })).rejects.toEqual(misuse)
    await expect(openAuditLog({ directory: 'x', backlog: { ms: 0 } })).rejects.toEqual(misuse)
    await expect(openAuditLog({ directory: file })).rejects.toEqual(
      invalid('LELU_AUDIT_UNAVAILABLE'),
    )
  })

  it('is for its owner only', async () => {
    const directory = join(temporaryFolder(), 'audit')
    const log = await openAuditLog({ directory })
    await log.append(decision('d'))
    const mode = (...path: string[]) => statSync(join(directory, ...path)).mode & 0o777
    expect([mode(), mode('owners'), mode(log.stream)]).toEqual([0o700, 0o700, 0o700])
    expect(mode(segmentsOf(directory)[0] ?? '')).toBe(0o600)
    expect(mode('owners', `${log.stream}.json`)).toBe(0o600)
    await log.close()
  })
})

describe('an appended event', () => {
  it('is refused when reading it appends another, which keeps its place in the chain', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    await log.append(decision('first'))
    const inner: Promise<AuditReceipt>[] = []
    const hostile = Object.defineProperty(decision('hostile'), 'x', {
      enumerable: true,
      get: () => inner.push(log.append(decision('inner'))),
    })
    await expect(log.append(hostile)).rejects.toEqual(invalid('LELU_AUDIT_RECORD_INVALID'))
    expect((await inner[0])?.seq).toBe(2)
    expect((await log.append(decision('last'))).seq).toBe(3)
    await log.close()
    expect(await problemsOf(directory)).toEqual([])
  })

  it('is stored as one canonical line, chained to the one before', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory, now: () => new Date('2026-11-22T10:00:00.123Z') })
    const receipts = [await log.append(decision('a')), await log.append(decision('b', { x: [1] }))]
    await log.close()
    const [file = ''] = segmentsOf(directory)
    expect(file).toMatch(/^[0-9a-z]{26}\/0000000000000000\.jsonl$/)
    const lines = readFileSync(join(directory, file), 'utf8').split('\n')
    expect(lines.pop()).toBe('')
    const leaves = lines.map((line) => leafHash(Buffer.from(line)))
    const records = lines.map((line) => JSON.parse(line))
    expect(records.map(({ kind }) => kind)).toEqual(['genesis', 'decision', 'decision', 'close'])
    expect(records.map(({ seq }) => seq)).toEqual([0, 1, 2, 3])
    expect(records.slice(1).map(({ prev }) => prev)).toEqual(leaves.slice(0, 3))
    expect(receipts).toEqual([
      { stream: log.stream, seq: 1, leaf: leaves[1] },
      { stream: log.stream, seq: 2, leaf: leaves[2] },
    ])
    expect(records[2]).toMatchObject({
      ...{ v: 1, log: 'lelu', stream: log.stream, id: 'b', tenant: 'default', x: [1] },
      ...{ ts: '2026-11-22T10:00:00.123Z', boot: expect.any(String) },
    })
    expect(Number.isInteger(records[2].mono_us)).toBe(true)
    expect(records[0].id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/)
  })

  it('is what it was when it was appended, whatever the caller does to it afterwards', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    for (const id of ['while the stream begins', 'later']) {
      const event = decision(id)
      const answer = log.append(event)
      event.id = 'changed'
      await answer
    }
    await log.close()
    const ids = []
    for await (const { record } of readRecords({ directory })) ids.push(record.id)
    expect(ids).not.toContain('changed')
    expect(ids).toEqual(expect.arrayContaining(['while the stream begins', 'later']))
  })

  it.each([
    ['kind', { kind: 'close' }, 'LELU_AUDIT_RECORD_INVALID'],
    ['made-up kind', { kind: 'decided' }, 'LELU_AUDIT_RECORD_INVALID'],
    ['number', { seq: 7 }, 'LELU_AUDIT_RECORD_INVALID'],
    ['link', { prev: '' }, 'LELU_AUDIT_RECORD_INVALID'],
    ['stream', { stream: 'other' }, 'LELU_AUDIT_RECORD_INVALID'],
    ['sum', { '~sum': 'x' }, 'LELU_AUDIT_RECORD_INVALID'],
    ['member behind the sum', { '\u00e9': 1 }, 'LELU_AUDIT_RECORD_INVALID'],
    ['prototype', JSON.parse('{"__proto__":{}}'), 'LELU_AUDIT_RECORD_INVALID'],
    ['empty id', { id: '' }, 'LELU_AUDIT_RECORD_INVALID'],
    ['number that is none', { confidence: Number.NaN }, 'LELU_JSON_INVALID'],
    ['date', { at: new Date(0) }, 'LELU_JSON_INVALID'],
    ['length', { reason: 'x'.repeat(65_000) }, 'LELU_AUDIT_RECORD_TOO_LARGE'],
    ['length in UTF-8', { reason: '€'.repeat(22_000) }, 'LELU_AUDIT_RECORD_TOO_LARGE'],
  ])('is refused for its %s, and leaves no gap', async (_, more, code) => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    const bad = { ...decision('bad'), ...Object.fromEntries(Object.entries(more)) }
    if (Object.hasOwn(more, '__proto__'))
      Object.defineProperty(bad, '__proto__', { value: {}, enumerable: true })
    await expect(log.append(bad)).rejects.toEqual(invalid(code))
    await log.append(decision('good'))
    await expect(log.append(bad)).rejects.toEqual(invalid(code))
    expect(await log.append(decision('better'))).toMatchObject({ seq: 2 })
    expect(log.state).toBe('open')
    await log.close()
    expect(await problemsOf(directory)).toEqual([])
  })

  it('can be as long as a line may be', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    await log.append(decision('short'))
    const [file = ''] = segmentsOf(directory)
    const length = (index: number) =>
      Buffer.byteLength(readFileSync(join(directory, file), 'utf8').split('\n')[index] ?? '')
    await log.append(decision('pad', { reason: '' }))
    const slack = 65_535 - length(2)
    await expect(log.append(decision('pad', { reason: 'x'.repeat(slack + 64) }))).rejects.toEqual(
      invalid('LELU_AUDIT_RECORD_TOO_LARGE'),
    )
    await log.append(decision('pad', { reason: 'x'.repeat(slack - 64) }))
    await log.close()
    expect(length(3)).toBeGreaterThan(65_400)
    expect(await problemsOf(directory)).toEqual([])
  })

  it('is refused after the end, and what was appended before is written', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    const before = Array.from({ length: 20 }, (_, n) => log.append(decision(`d${n}`)))
    await Promise.all([log.close(), log.close()])
    expect((await Promise.all(before)).map(({ seq }) => seq)).toEqual(before.map((_, n) => n + 1))
    await expect(log.append(decision('late'))).rejects.toEqual(invalid('LELU_AUDIT_CLOSED'))
    expect(await verifyLog({ directory })).toMatchObject({
      ok: true,
      warnings: [],
      streams: [{ state: 'closed', records: 22 }],
    })
  })
})

describe('group commit', () => {
  it('answers nobody before fdatasync has returned, and all that wait meanwhile with the next one', async () => {
    const directory = temporaryFolder()
    let release = () => {}
    let held = false
    const order: Operation[] = []
    const files = faultyFiles({
      before: async (operation, path) => {
        if (operation !== 'sync' || !path.endsWith('.jsonl') || !held) return
        await new Promise<void>((resolve) => {
          release = resolve
        })
      },
      after: (operation) => order.push(operation),
    })
    const log = openWith(files, { directory }, { sealMs: 600_000 })
    await log.append(decision('first'))
    held = true
    order.length = 0
    const answered: AuditReceipt[] = []
    const answers = Array.from({ length: 50 }, (_, n) =>
      log.append(decision(`d${n}`)).then((receipt) => answered.push(receipt)),
    )
    await expect.poll(() => order).toEqual(['append'])
    await new Promise((resolve) => setTimeout(resolve, 20))
    // The first of them are in the file, and no caller knows yet.
    expect(readFileSync(join(directory, segmentsOf(directory)[0] ?? ''), 'utf8')).toContain('"d0"')
    expect(answered).toEqual([])
    held = false
    release()
    await Promise.all(answers)
    expect(answered.map(({ seq }) => seq)).toEqual(answers.map((_, n) => n + 2))
    expect(order).toEqual(['append', 'sync', 'append', 'sync'])
    await log.close()
  })

  it('makes the name of a new segment durable before the records in it are answered', async () => {
    const directory = temporaryFolder()
    const order: string[] = []
    const files = faultyFiles({ after: (operation, path) => order.push(`${operation} ${path}`) })
    const log = openWith(files, { directory }, { segmentBytes: 1, sealMs: 600_000 })
    await log.append(decision('a'))
    order.length = 0
    await log.append(decision('b'))
    const segment = join(directory, log.stream, '0000000000000002.jsonl')
    expect(order).toEqual([
      `create ${segment}`,
      `syncFolder ${join(directory, log.stream)}`,
      `append ${segment}`,
      `sync ${segment}`,
    ])
    await log.close()
  })

  it('begins a new segment when one is full, and the chain goes on', async () => {
    const directory = temporaryFolder()
    const log = openWith(faultyFiles({}), { directory }, { segmentBytes: 4000, retryMs: 0 })
    for (let n = 0; n < 30; n += 1) await log.append(decision(`d${n}`))
    await log.close()
    expect(segmentsOf(directory).length).toBeGreaterThan(3)
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({ ok: true, records: 32, exit: 0 })
    const seqs = []
    for await (const { record } of readRecords({ directory })) seqs.push(record.seq)
    expect(seqs).toEqual(Array.from({ length: 32 }, (_, n) => n))
  })

  it('keeps the order of callers that ask at once, in one process and in several logs', async () => {
    const directory = temporaryFolder()
    const logs = await Promise.all(Array.from({ length: 4 }, () => openAuditLog({ directory })))
    await Promise.all(
      logs.flatMap((log, l) =>
        Array.from({ length: 50 }, (_, n) => log.append(decision(`${l}-${n}`))),
      ),
    )
    await Promise.all(logs.map((log) => log.close()))
    const report = await verifyLog({ directory })
    expect(report).toMatchObject({ ok: true, problems: [], records: 4 * 52 })
    expect(new Set(logs.map(({ stream }) => stream)).size).toBe(4)
    for await (const { record, stream } of readRecords({ directory })) {
      const l = logs.findIndex((log) => log.stream === stream)
      if (record.kind === 'decision') expect(record.id).toBe(`${l}-${record.seq - 1}`)
    }
  })
})
