import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAuditLog } from '../../src/index.ts'
import { forwardRecords, ocsfHttpTarget, otlpTarget } from '../../src/reading.ts'
import { decision, segmentsOf, temporaryFolder } from '../support.ts'
import { otlpProblems } from './check-otlp.ts'
import { logOfTwenty, once, openLog, quick, sendTwenty } from './forwarding.ts'
import { startReceiver } from './receiver.ts'

describe('forwarding', () => {
  it('sends every record of all streams once, as OTLP, and nothing of it again', async () => {
    const { requests, ids, all, directory, cursor, url, report } = await sendTwenty()
    for (const { path, headers, body } of requests) {
      expect(path).toBe('/v1/logs')
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      })
      expect(otlpProblems(JSON.parse(body))).toEqual([])
    }
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all)
    expect(report).toEqual({ sent: 24, refused: 0, rejected: 0 })
    const again = await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(again.report.sent).toBe(0)
    expect(ids).toHaveLength(24)
  })

  it('goes on with what is written meanwhile, by any process, in small batches', async () => {
    const { directory, cursor, all } = await logOfTwenty()
    const { url, ids } = await startReceiver()
    const stop = new AbortController()
    const to = otlpTarget({ url })
    const options = { ...quick, directory, cursor, to, fromStart: true, batchRecords: 3 }
    const forwarding = forwardRecords({ ...options, signal: stop.signal })
    const log = await openLog(directory)
    const later = Array.from({ length: 30 }, (_, n) => `c${n}`)
    for (const id of later) await log.append(decision(id))
    await expect.poll(() => ids.length, { timeout: 30_000 }).toBe(24 + 31)
    stop.abort()
    await forwarding
    const sent = ids.filter((id) => /^[abc]\d+$/.test(id)).sort()
    expect(sent).toEqual([...all, ...later].sort())
  })

  it('begins with what is new without a cursor, and loses nothing between two runs', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url, ids } = await startReceiver()
    await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(ids).toEqual([])
    const log = await openLog(directory)
    await log.append(decision('new'))
    await log.seal()
    await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(ids.at(-1)).toBe('new')
    expect(ids).toHaveLength(2) // with the genesis of its stream
    await once({ directory, cursor, to: otlpTarget({ url }), fromStart: true })
    expect(ids).toHaveLength(2 + 26)
  })

  it('sends nothing that is not on the disk', async () => {
    const { directory, cursor } = await logOfTwenty()
    const handle = await open(join(directory, segmentsOf(directory)[0] ?? ''))
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'datasync')
    await handle.close()
    onTestFinished(() => sync.mockRestore())
    const synced: number[] = []
    const to = {
      name: 'test',
      async send() {
        synced.push(sync.mock.calls.length)
        return { status: 'taken' as const }
      },
    }
    await once({ directory, cursor, to, fromStart: true })
    // The cursor of the beginning, and each of the two segments of the batch.
    expect(synced).toEqual([3])
  })

  it('lets no stream starve another', async () => {
    const { ids } = await sendTwenty(undefined, { batchRecords: 1 })
    const events = ids.filter((id) => /^[ab]\d$/.test(id))
    expect(events.slice(0, 6)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
  })

  it('lets no stream starve another, whatever their hosts are called', async () => {
    const directory = join(temporaryFolder(), 'audit')
    for (const [node, name] of [
      ['z', 'a'],
      ['a', 'b'],
    ] as const) {
      const log = await openAuditLog({ directory, node })
      for (let n = 0; n < 4; n += 1) await log.append(decision(`${name}${n}`))
      await log.close()
    }
    const { url, ids } = await startReceiver()
    const to = otlpTarget({ url })
    const cursor = `${directory}.cursor`
    await once({ directory, cursor, to, fromStart: true, batchRecords: 1 })
    const events = ids.filter((id) => /^[ab]\d$/.test(id))
    expect(events).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3'])
  })

  it('sends only as many records of a stream as it may', async () => {
    const { ids } = await sendTwenty(undefined, { until: async () => 4 })
    const events = ids.filter((id) => /^[ab]\d$/.test(id))
    expect(events.sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2'])
  })

  it('waits for the end of a line, passes over what is no record, and tells of a gap', async () => {
    const { directory, cursor } = await logOfTwenty()
    const path = join(directory, segmentsOf(directory)[1] ?? '')
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    writeFileSync(
      path,
      `${[...lines.slice(0, 3), 'garbage', ...lines.slice(5, 7)].join('\n')}\n${lines[7]?.slice(0, 40)}`,
    )
    const { url, ids } = await startReceiver()
    const { events } = await once({ directory, cursor, to: otlpTarget({ url }), fromStart: true })
    expect(ids.filter((id) => id.startsWith('b')).sort()).toEqual(['b0', 'b1', 'b4', 'b5'])
    expect(events).toContainEqual(expect.objectContaining({ type: 'no_record', line: 4 }))
    expect(events).toContainEqual(expect.objectContaining({ type: 'gap', expected: 3, found: 5 }))
    appendFileSync(path, `${lines[7]?.slice(40)}\n`)
    await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(ids.at(-1)).toBe('b6')
  })

  it('refuses a cursor that is damaged or of another receiver, and a URL with a password', async () => {
    const { directory, cursor, url } = await sendTwenty()
    const invalid = { code: 'LELU_AUDIT_CURSOR_INVALID' }
    const other = ocsfHttpTarget({ url })
    await expect(once({ directory, cursor, to: other })).rejects.toMatchObject(invalid)
    writeFileSync(cursor, readFileSync(cursor, 'utf8').slice(0, -20))
    await expect(once({ directory, cursor, to: otlpTarget({ url }) })).rejects.toMatchObject(
      invalid,
    )
    for (const wrong of ['http://me:secret@127.0.0.1/', 'ftp://127.0.0.1/', 'nothing']) {
      expect(() => otlpTarget({ url: wrong })).toThrow(
        expect.objectContaining({
          code: 'LELU_AUDIT_OPTIONS_INVALID',
          message: expect.not.stringContaining('secret'),
        }),
      )
    }
  })
})
