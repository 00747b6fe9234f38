import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { openAuditLog } from '../../src/index.ts'
import { otlpTarget } from '../../src/reading.ts'
import { openWith } from '../../src/write/log.ts'
import { deadStream, decision, segmentsOf, temporaryFolder } from '../support.ts'
import { once } from './forwarding.ts'
import { startReceiver } from './receiver.ts'

/** A folder for a log, and a receiver that takes everything, with what it has got. */
async function place() {
  const folder = temporaryFolder()
  const directory = join(folder, 'audit')
  const { url, ids } = await startReceiver()
  const cursor = join(folder, 'forward', 'cursor.json')
  return { directory, ids, forward: { directory, cursor, to: otlpTarget({ url }) } }
}

/** As if nothing had been written for so long: the segments, and the notes of who writes them. */
function grown(directory: string, minutes: number): void {
  const then = new Date(Date.now() - minutes * 60_000)
  for (const file of segmentsOf(directory)) utimesSync(join(directory, file), then, then)
  for (const note of readdirSync(join(directory, 'owners')))
    utimesSync(join(directory, 'owners', note), then, then)
}

/** A stream of three records whose process died before it signed any. */
async function unsigned(directory: string): Promise<string> {
  mkdirSync(directory)
  return deadStream(directory, 2)
}

describe('what is forwarded', () => {
  it('is what a checkpoint covers: the newest records of a process that lives wait for theirs', async () => {
    const { directory, ids, forward } = await place()
    const log = openWith(diskFiles, { directory }, { sealMs: 3_600_000 })
    onTestFinished(() => log.close())
    await log.append(decision('covered'))
    await log.seal()
    await log.append(decision('newest'))
    grown(directory, 60)
    const first = await once({ ...forward, fromStart: true })
    expect([ids.length, ids.at(-1)]).toEqual([2, 'covered'])
    expect(first.events.map(({ type }) => type)).toEqual(['sent', 'idle'])
    await log.seal()
    await once(forward)
    expect(ids.slice(2)).toEqual(['newest'])
  })

  it('of a dead process waits to be signed by the next one, and that it waits is told', async () => {
    const { directory, ids, forward } = await place()
    const stream = await unsigned(directory)
    const { events, report } = await once({ ...forward, fromStart: true })
    expect(report.sent).toBe(0)
    expect(events).toEqual([
      { type: 'held', stream, from: 0 },
      { type: 'idle', total: 0 },
    ])
    const log = await openAuditLog({ directory })
    await log.append(decision('next'))
    await log.close()
    const later = await once(forward)
    expect(later.events.map(({ type }) => type)).toEqual(['sent', 'idle'])
    expect(ids).toHaveLength(3 + 4) // genesis, two records; genesis, one, recovery, close
  })

  it('is sent and told without a checkpoint when nobody has signed it in time', async () => {
    const { directory, ids, forward } = await place()
    const stream = await unsigned(directory)
    grown(directory, 14)
    expect((await once({ ...forward, fromStart: true })).report.sent).toBe(0)
    grown(directory, 16)
    const { events } = await once(forward)
    expect(events.slice(0, 2)).toEqual([
      { type: 'unsealed', stream, from: 0 },
      { type: 'sent', records: 3, total: 3 },
    ])
    expect(ids).toHaveLength(3)
    expect((await once(forward)).report.sent).toBe(0)
  })

  it('is sent and told where a stream has ended and its end was signed by nobody', async () => {
    const { directory, ids, forward } = await place()
    const log = openWith(diskFiles, { directory }, { sealMs: 3_600_000, retryMs: 1 })
    onTestFinished(() => log.close())
    await log.append(decision('covered'))
    await log.seal()
    for (const id of ['altered', 'last']) await log.append(decision(id))
    const old = log.stream
    const path = join(directory, old, '0000000000000000.jsonl')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"id":"altered"', '"id":"changed"'))
    await expect(log.seal()).rejects.toMatchObject({ code: 'LELU_AUDIT_ALTERED' })
    await expect.poll(() => log.append(decision('new stream')).catch(() => undefined)).toBeDefined()
    await log.close()
    expect(readdirSync(join(directory, 'owners'))).toEqual([])
    const { events } = await once({ ...forward, fromStart: true })
    expect(events).toContainEqual({ type: 'unsealed', stream: old, from: 2 })
    expect(ids).toEqual(expect.arrayContaining(['covered', 'changed', 'last', 'new stream']))
  })

  it('is not held up by a torn line behind it, nor sent with it', async () => {
    const { directory, ids, forward } = await place()
    const stream = await unsigned(directory)
    appendFileSync(join(directory, stream, '0000000000000000.jsonl'), '{"torn":')
    grown(directory, 16)
    const { events } = await once({ ...forward, fromStart: true })
    expect(events.map(({ type }) => type)).toEqual(['unsealed', 'sent', 'idle'])
    expect(ids).toHaveLength(3)
  })
})
