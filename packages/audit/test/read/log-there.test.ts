import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { directorySink, openAuditLog } from '../../src/index.ts'
import {
  archiveSource,
  describeReport,
  followRecords,
  openSource,
  readRecords,
  searchRecords,
  verifyLog,
} from '../../src/reading.ts'
import { decision, temporaryFolder, writeStream } from '../support.ts'

/** Verifies, reads and searches a place; answers the errors. */
async function refusals(directory: string): Promise<unknown[]> {
  const reads = [
    verifyLog({ directory }),
    openSource(directory),
    readRecords({ directory }).next(),
    searchRecords({ directory }).next(),
  ]
  return (await Promise.allSettled(reads)).map((read) =>
    read.status === 'rejected' ? read.reason : 'was read',
  )
}

const notFound = (help: RegExp) =>
  expect.objectContaining({
    code: 'LELU_AUDIT_NOT_FOUND',
    help: expect.stringMatching(help),
  })

describe('a place that is no log', () => {
  it('is refused, whether it is empty, wiped, another folder, a file or nothing', async () => {
    const directory = temporaryFolder()
    const [empty, other, file] = ['empty', 'other', 'file'].map((name) => join(directory, name))
    mkdirSync(empty as string)
    mkdirSync(join(other as string, 'keys'), { recursive: true })
    writeFileSync(file as string, '')
    for (const place of [empty, other, file, join(directory, 'none')]) {
      const refused = await refusals(place as string)
      expect(refused).toEqual(refused.map(() => notFound(/^Pass the folder of the log/)))
    }
  })

  it('is answered with the log below it', async () => {
    const directory = temporaryFolder()
    const lelu = join(directory, '.lelu')
    await writeStream(join(lelu, 'audit'), 1)
    mkdirSync(join(lelu, 'keys', 'audit'), { recursive: true })
    for (const place of [lelu, directory]) {
      const refused = await refusals(place)
      const help = new RegExp(`^Did you mean ${join(lelu, 'audit')}\\?$`)
      expect(refused).toEqual(refused.map(() => notFound(help)))
    }
    rmSync(join(lelu, 'audit'), { recursive: true })
    mkdirSync(join(lelu, 'audit'))
    expect(await refusals(lelu)).toContainEqual(notFound(/^Pass the folder of the log/))
  })
})

describe('a log without a record', () => {
  it('is read, as one that is about to begin', async () => {
    const directory = temporaryFolder()
    mkdirSync(join(directory, 'owners'))
    expect(await readRecords({ directory }).next()).toMatchObject({ done: true })
  })

  it('is never verified as intact: there was nothing to verify', async () => {
    const [log, wiped] = [temporaryFolder(), temporaryFolder()] as const
    mkdirSync(join(log, 'owners'))
    const stream = await writeStream(wiped, 1)
    rmSync(join(wiped, stream), { recursive: true })
    const archive = archiveSource(directorySink({ directory: temporaryFolder() }))
    const empty = { ok: false, exit: 1, records: 0, proven: [], problems: [{ code: 'empty' }] }
    expect(await verifyLog({ directory: log })).toMatchObject(empty)
    expect(await verifyLog({ source: archive })).toMatchObject(empty)
    const report = await verifyLog({ directory: wiped })
    expect(report).toMatchObject({ ...empty, streams: [] })
    expect(report.problems[0]?.message).toContain('its keys are there')
    expect(describeReport(report)).toMatch(/^EMPTY: 0 records in 0 streams\nproblem {2}empty\n/)
  })

  it('is waited for in an empty folder', async () => {
    const directory = temporaryFolder()
    const stop = new AbortController()
    const following = followRecords({ directory, signal: stop.signal, everyMs: 2 })
    const first = following.next()
    const log = await openAuditLog({ directory })
    await log.append(decision('d1'))
    expect((await first).value?.record).toMatchObject({ kind: 'genesis' })
    stop.abort()
    await following.return(undefined)
    await log.close()
  })
})
