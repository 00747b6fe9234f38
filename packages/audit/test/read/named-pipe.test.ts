import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readRecords, searchRecords, verifyLog } from '../../src/reading.ts'
import { decision, temporaryFolder, writeStream } from '../support.ts'
import { openQuick } from '../support-log.ts'

/** Whoever opens it to read waits for a writer, unless he says that he does not. */
function pipeAt(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  execFileSync('mkfifo', [path])
  // Lets go whoever waits for it after all: a test that fails must come to an end.
  onTestFinished(() => closeSync(openSync(path, 'r+')))
}

describe.runIf(process.platform !== 'win32')('a named pipe in the place of', () => {
  it('a segment is not waited for by anybody who reads the log', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 2)
    pipeAt(join(directory, stream, '0000000000000000.jsonl'))
    const unreadable = { code: 'LELU_AUDIT_UNAVAILABLE' }
    await expect(verifyLog({ directory })).rejects.toMatchObject(unreadable)
    for (const records of [readRecords({ directory }), searchRecords({ directory })]) {
      await expect(records.next()).rejects.toMatchObject({ code: 'ESPIPE' })
    }
  })

  it('a checkpoint, a key or the note of a process is found, or does not matter', async () => {
    const signed = { ok: false, exit: 14 }
    for (const [name, found] of [
      ['checkpoint', signed],
      ['key', signed],
      ['owner', { ok: true }],
      ['quarantine', { ok: true }],
    ] as const) {
      const directory = temporaryFolder()
      const stream = await writeStream(directory, 2)
      const [key = ''] = readdirSync(join(directory, 'keys'))
      const places = {
        checkpoint: [stream, 'checkpoint'],
        key: ['keys', key],
        owner: ['owners', `${stream}.json`],
        quarantine: ['quarantine', 'x.cut'],
      }
      pipeAt(join(directory, ...places[name]))
      expect(await verifyLog({ directory }), name).toMatchObject(found)
    }
  })

  it('its checkpoint does not keep a process from seeing that it was replaced', async () => {
    const log = await openQuick({}, { sealMs: 600_000 })
    await log.append(decision('a'))
    await log.seal()
    pipeAt(join(log.directory, log.stream, 'checkpoint'))
    await log.append(decision('b'))
    await expect(log.seal()).rejects.toMatchObject({ code: 'LELU_AUDIT_ALTERED' })
  })
})
