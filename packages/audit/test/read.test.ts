import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { openAuditLog } from '../src/index.ts'
import { followRecords, readRecords } from '../src/reading.ts'
import { openWith } from '../src/write/log.ts'
import { faultyFiles } from './faults.ts'
import { decision, segmentsOf, temporaryFolder, writeStream } from './support.ts'

describe('reading', () => {
  it('gives each record with its bytes and its place, from any number on', async () => {
    const directory = temporaryFolder()
    const log = openWith(faultyFiles({}), { directory }, { segmentBytes: 2000, retryMs: 0 })
    for (let n = 0; n < 12; n += 1) await log.append(decision(`d${n}`))
    await log.close()
    await writeStream(directory, 1)
    const all = []
    for await (const one of readRecords({ directory, stream: log.stream })) all.push(one)
    expect(all.map(({ record }) => record.seq)).toEqual(Array.from({ length: 14 }, (_, n) => n))
    for (const { record, raw, file, line } of all) {
      expect(JSON.parse(raw)).toEqual(record)
      expect(Number(file.slice(0, 16)) + line - 1).toBe(record.seq)
    }
    const some = []
    for await (const { record } of readRecords({ directory, stream: log.stream, from: 9 }))
      some.push(record.seq)
    expect(some).toEqual([9, 10, 11, 12, 13])
  })

  it('refuses a log that is not there, and leaves out what is no record', async () => {
    const directory = temporaryFolder()
    await writeStream(directory, 1)
    appendFileSync(join(directory, segmentsOf(directory)[0] ?? ''), 'null\n{"seq":1}\n[]\n{"unfini')
    const kinds = []
    for await (const { record } of readRecords({ directory })) kinds.push(record.kind)
    expect(kinds).toEqual(['genesis', 'decision', 'close'])
    const none = readRecords({ directory: join(directory, 'none') })
    await expect(none.next()).rejects.toMatchObject({ code: 'LELU_AUDIT_NOT_FOUND' })
  })

  it('keeps a bounded part of a line without an end', async () => {
    const directory = temporaryFolder()
    await writeStream(directory, 1)
    const path = join(directory, segmentsOf(directory)[0] ?? '')
    appendFileSync(path, Buffer.alloc(3_000_000, 'x'))
    appendFileSync(path, '\n')
    const kinds = []
    for await (const { record } of readRecords({ directory })) kinds.push(record.kind)
    expect(kinds).toEqual(['genesis', 'decision', 'close'])
  })
})

describe('following', () => {
  it('gives every record once, of streams and segments that begin meanwhile too, until it is aborted', async () => {
    const directory = temporaryFolder()
    const first = openWith(faultyFiles({}), { directory }, { segmentBytes: 2000, retryMs: 0 })
    await first.append(decision('0'))
    const stop = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const { record } of followRecords({
        directory,
        signal: stop.signal,
        everyMs: 2,
      })) {
        if (record.kind === 'decision') seen.push(record.id)
      }
    })()
    for (let n = 1; n < 20; n += 1) await first.append(decision(`${n}`))
    const second = await openAuditLog({ directory })
    for (let n = 20; n < 30; n += 1) await second.append(decision(`${n}`))
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(30)
    stop.abort()
    await following
    expect(seen.sort()).toEqual(Array.from({ length: 30 }, (_, n) => `${n}`).sort())
    await Promise.all([first.close(), second.close()])
  })

  it('can leave out what is there, and waits for the end of a line', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 2)
    const path = join(directory, segmentsOf(directory)[0] ?? '')
    const stop = new AbortController()
    const seen: [unknown, number][] = []
    const following = (async () => {
      for await (const { record, line } of followRecords({
        directory,
        signal: stop.signal,
        everyMs: 2,
        fromNow: true,
      })) {
        seen.push([record.id, line])
      }
    })()
    const text = (id: string) =>
      `{"id":"${id}","kind":"decision","log":"l","prev":"","seq":4,"stream":"${stream}","ts":""}`
    // Those that are there before it has looked for the first time are left out.
    let line = 4
    await vi.waitFor(() => {
      if (seen.length === 0) {
        appendFileSync(path, `${text('new')}\n`)
        line += 1
      }
      expect(seen.at(-1)).toEqual(['new', line])
    }, 30_000)
    expect(new Set(seen.map(([id]) => id))).toEqual(new Set(['new']))
    seen.length = 0
    appendFileSync(path, text('x').slice(0, 20))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(seen).toEqual([])
    appendFileSync(path, `${text('x').slice(20)}\n`)
    await expect.poll(() => seen).toEqual([['x', line + 1]])
    stop.abort()
    await following
  })
})
