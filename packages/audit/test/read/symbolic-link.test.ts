import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { commitInput, openOpenings } from '../../src/index.ts'
import { readRecords, searchRecords, verifyLog } from '../../src/reading.ts'
import { archiveOf, filesOf, folderOf, packOf, stream } from '../evidence/support.ts'
import { deadStream, decision, temporaryFolder, writeStream } from '../support.ts'
import { openQuick } from '../support-log.ts'

const secret = 'for the eyes of whoever reads the log alone'
const first = '0000000000000000.jsonl'
const mine = stream({ from: '2026-11-02T10:00:00Z' })

/** A file that is no part of the log. It has no newline: it could be the beginning of a record. */
function secretFile(): string {
  const path = join(temporaryFolder(), 'secret')
  writeFileSync(path, secret)
  return path
}

function linkAt(path: string, target: string = secretFile()): string {
  rmSync(path, { force: true })
  symlinkSync(target, path)
  return target
}

/** All that a folder tells to whoever it is handed to. */
function toldBy(folder: string): string {
  const files = filesOf(folder).map((name) => readFileSync(join(folder, name)))
  return files.map((bytes) => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()).join('\n')
}

describe.runIf(process.platform !== 'win32')('a symbolic link in the place of', () => {
  it('a segment is followed by nobody who reads the log, and brings no other file into the evidence', async () => {
    const directory = folderOf([mine])
    linkAt(join(directory, mine.name, first))
    await expect(verifyLog({ directory })).rejects.toMatchObject({
      code: 'LELU_AUDIT_UNAVAILABLE',
      help: expect.stringContaining('symbolic link'),
    })
    for (const records of [readRecords({ directory }), searchRecords({ directory })]) {
      await expect(records.next()).rejects.toMatchObject({ code: 'ELOOP' })
    }
    const out = join(temporaryFolder(), 'pack')
    await expect(packOf(directory, { out })).rejects.toMatchObject({ code: 'ELOOP' })
    expect(toldBy(out)).not.toContain(secret)
  })

  it('a stream does not bring the records of another log into the evidence', async () => {
    const theirs = stream({ from: '2026-11-02T11:00:00Z' })
    const directory = folderOf([mine])
    symlinkSync(join(folderOf([theirs]), theirs.name), join(directory, theirs.name))
    expect(toldBy((await packOf(directory)).out)).not.toContain(theirs.name)
    expect(await verifyLog({ directory })).toMatchObject({
      streams: [{ stream: mine.name }],
      warnings: expect.arrayContaining([`${theirs.name} is no part of the log`]),
    })
  })

  it.each(['keys', 'streams', 'seg', 'cp'])(
    'an object of an archive (%s) is followed by nobody either',
    async (kind) => {
      const directory = await archiveOf([mine])
      for (const name of filesOf(directory).filter((file) => file.includes(`/${kind}/`))) {
        linkAt(join(directory, name))
      }
      const refused = {
        code: 'LELU_AUDIT_SINK_UNAVAILABLE',
        help: expect.stringContaining('symbolic link'),
      }
      await expect(verifyLog({ directory })).rejects.toMatchObject(refused)
      const out = join(temporaryFolder(), 'pack')
      await expect(packOf(directory, { out })).rejects.toMatchObject(refused)
      expect(toldBy(out)).not.toContain(secret)
    },
  )

  it('the end of a dead stream is not cut off, whatever it leads to', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 2)
    const target = linkAt(join(directory, dead, first))
    await writeStream(directory, 1)
    expect(readFileSync(target, 'utf8')).toBe(secret)
    expect(existsSync(join(directory, 'quarantine'))).toBe(false)
    expect(readdirSync(join(directory, 'owners'))).toEqual([`${dead}.json`])
  })

  it('what a checkpoint is written to first is not written through', async () => {
    const log = await openQuick({}, { sealMs: 600_000 })
    await log.append(decision('a'))
    const target = linkAt(join(log.directory, log.stream, 'checkpoint.tmp'))
    await log.seal()
    expect(readFileSync(target, 'utf8')).toBe(secret)
    expect(await verifyLog({ directory: log.directory })).toMatchObject({ ok: true })
  })

  it('its checkpoint does not keep a process from seeing that it was replaced', async () => {
    const log = await openQuick({}, { sealMs: 600_000 })
    await log.append(decision('a'))
    await log.seal()
    linkAt(join(log.directory, log.stream, 'checkpoint'))
    await log.append(decision('b'))
    await expect(log.seal()).rejects.toMatchObject({ code: 'LELU_AUDIT_ALTERED' })
  })

  it('the key of a person is erased, and not what it leads to', async () => {
    const directory = temporaryFolder()
    const openings = await openOpenings({ directory })
    openings.keep(openings.hashOf({ id: 'ada' }), 'one', commitInput(1).openings)
    await openings.flush()
    const key = join(directory, filesOf(directory).find((name) => name.endsWith('.key')) ?? '')
    const target = linkAt(key)
    await openings.erase({ id: 'ada' })
    await openings.close()
    expect(readFileSync(target, 'utf8')).toBe(secret)
    expect(filesOf(directory).filter((name) => name.endsWith('.key'))).toEqual([])
  })

  it('a file of the evidence is not written through, by whoever may write where it is put', async () => {
    for (const name of ['pack.json', 'population.csv', 'README.md', 'SHA256SUMS']) {
      const out = join(temporaryFolder(), 'pack')
      let target = ''
      const onProgress = () => {
        target = linkAt(join(out, name))
      }
      const packing = packOf(folderOf([mine]), { out, onProgress })
      await expect(packing, name).rejects.toMatchObject({ code: 'EEXIST' })
      expect(readFileSync(target, 'utf8'), name).toBe(secret)
    }
  })
})
