import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAuditLog } from '../src/index.ts'
import { type SearchFilter, searchRecords } from '../src/reading.ts'
import { decision, segmentsOf, temporaryFolder, writeStream } from './support.ts'

async function found(directory: string, filter: SearchFilter = {}): Promise<string[]> {
  const ids: string[] = []
  for await (const { record } of searchRecords({ directory, ...filter })) ids.push(record.id)
  return ids
}

/** A log of two processes that wrote in turns; the clock of the second one goes back once. */
async function twoStreams(): Promise<string> {
  const directory = temporaryFolder()
  let time = Date.parse('2026-11-22T10:00:00.000Z')
  const now = () => time
  const first = await openAuditLog({ directory, now })
  const second = await openAuditLog({ directory, now })
  const at = async (log: typeof first, minute: number, id: string, more = {}) => {
    time = Date.parse(`2026-11-22T10:${String(minute).padStart(2, '0')}:00.000Z`)
    await log.append(decision(id, more))
  }
  await at(first, 1, 'one')
  await at(second, 2, 'two', { agent: { id: 'mailer', type: 'agent' }, tenant: 'acme' })
  await at(first, 3, 'three', { tool: { name: 'pay', server: null, effect: 'read' } })
  await at(second, 4, 'four', { decision: 'allow', note: 'the word trader-1 "quoted"' })
  await at(second, 2, 'five')
  await at(first, 6, 'six', {
    kind: 'approval.decided',
    reviewer: { id: 'bob', issuer: 'os', method: 'local' },
    // A hostile input that looks like the end of a line with another time.
    input: { ts: '2000-01-01T00:00:00.000Z', v: 1, '~sum': '-'.repeat(22) },
  })
  await first.close()
  await second.close()
  return directory
}

describe('searching', () => {
  it('gives records of all streams by time, and in the order of their stream when a clock goes back', async () => {
    const directory = await twoStreams()
    const ids = (await found(directory)).filter((id) => id.length < 10)
    expect(ids).toEqual(['one', 'two', 'three', 'four', 'five', 'six'])
  })

  it('keeps what all of the filter holds for', async () => {
    const directory = await twoStreams()
    expect(await found(directory, { agent: 'mailer' })).toEqual(['two'])
    expect(await found(directory, { agent: 'trader-1', tool: 'pay' })).toEqual(['three'])
    expect(await found(directory, { tenant: 'acme' })).toEqual(['two'])
    expect(await found(directory, { decision: 'allow' })).toEqual(['four'])
    expect(await found(directory, { kind: 'approval.decided' })).toEqual(['six'])
    expect(await found(directory, { kind: 'approval' })).toEqual(['six'])
    expect(await found(directory, { reviewer: 'bob' })).toEqual(['six'])
    expect(await found(directory, { reviewer: 'trader-1' })).toEqual([]) // an agent of that name is no reviewer
    expect(await found(directory, { kind: 'decision', text: 'trader-1 "quo' })).toEqual(['four'])
    expect(await found(directory, { kind: 'appro' })).toEqual([])
    expect(await found(directory, { tool: 'tra' })).toEqual([])
  })

  it('keeps a span of time, whatever the input of a call says about time', async () => {
    const directory = await twoStreams()
    const filter = {
      kind: 'decision',
      from: '2026-11-22T10:02:00Z',
      to: '2026-11-22T11:04:00+01:00',
    }
    // Without the fourth, nothing tells that the fifth was written after the third.
    expect(await found(directory, filter)).toEqual(['two', 'five', 'three'])
    expect(await found(directory, { from: '2026-11-22T10:05:30Z', kind: 'approval' })).toEqual([
      'six',
    ])
    await expect(found(directory, { from: 'yesterday' })).rejects.toMatchObject({
      code: 'LELU_AUDIT_OPTIONS_INVALID',
    })
  })

  it('is not misled by an edited line that shows another time where the time of a line stands', async () => {
    const directory = temporaryFolder()
    await writeStream(directory, 1)
    const place = '"log":"l","prev":"","seq":9,"stream":"s","ts":"2026-11-22T10:03:00.000Z"'
    const shown = `"w":{"ts":"2000-01-01T00:00:00.000Z","":1},"~sum":"${'-'.repeat(22)}"`
    const line = `{"id":"edited","kind":"decision",${place},${shown}}`
    appendFileSync(join(directory, segmentsOf(directory)[0] ?? ''), `${line}\n`)
    expect(await found(directory, { to: '2026-11-22T10:04:00Z' })).toEqual(['edited'])
    expect(await found(directory, { to: '2001-01-01' })).toEqual([])
    expect(await found(directory, { from: '2026-11-22', to: '2026-11-23' })).toEqual(['edited'])
  })

  it('finds a line wherever the pieces end that a file is read in', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    const many = Array.from({ length: 400 }, (_, n) => n)
    await Promise.all(
      many.map((n) => log.append(decision(`n${n}`, { fill: 'é'.repeat((n * 97) % 30_000) }))),
    )
    await log.close()
    expect(await found(directory, { kind: 'decision' })).toEqual(many.map((n) => `n${n}`))
    expect(await found(directory, { text: 'n399' })).toEqual(['n399'])
  })

  it('passes over what is no record: garbage, a line longer than any record, an unfinished line', async () => {
    const directory = temporaryFolder()
    await writeStream(directory, 2)
    const path = join(directory, segmentsOf(directory)[0] ?? '')
    appendFileSync(path, 'null\n{"kind":"decision"}\n')
    appendFileSync(path, Buffer.alloc(3_000_000, 'x'))
    const late = `{"id":"late","kind":"decision","log":"l","prev":"","seq":9,"stream":"s","ts":""}`
    appendFileSync(path, `\n${late}\n${late.replace('late', 'torn')}`)
    expect(await found(directory, { kind: 'decision' })).toEqual(['d0', 'd1', 'late'])
  })

  it('tells how far it is, and refuses a log that is not there', async () => {
    const directory = await twoStreams()
    const told: number[] = []
    const onProgress = ({ read, total }: { read: number; total: number }) => told.push(read / total)
    for await (const _ of searchRecords({ directory, onProgress, kind: 'none' })) expect.fail()
    expect(told.at(-1)).toBe(1)
    await expect(found(join(directory, 'none'))).rejects.toMatchObject({
      code: 'LELU_AUDIT_NOT_FOUND',
    })
  })
})
