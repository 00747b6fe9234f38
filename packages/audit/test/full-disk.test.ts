import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openAuditLog } from '../src/index.ts'
import { readRecords, verifyLog } from '../src/reading.ts'
import { openWith } from '../src/write/log.ts'
import { faultyFiles } from './faults.ts'
import { decision, temporaryFolder } from './support.ts'

const unavailable = expect.objectContaining({
  code: 'LELU_AUDIT_UNAVAILABLE',
  help: expect.stringContaining('No tool runs until it can be written.'),
})
const limits = { segmentBytes: 1 << 20, retryMs: 0 }

async function idsOf(directory: string): Promise<unknown[]> {
  const ids = []
  for await (const { record } of readRecords({ directory })) {
    if (record.kind === 'decision') ids.push(record.id)
  }
  return ids
}

/** A file system of 256 KiB, or undefined where none can be mounted. */
function tinyDisk(): string | undefined {
  const folder = join(temporaryFolder(), 'disk')
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', [folder])
  })
  return folder
}

describe('a real disk that is full', () => {
  it('refuses, loses nothing that was answered, and works again when there is space (needs root and mount)', async (context) => {
    const disk = tinyDisk()
    if (disk === undefined) return context.skip()
    const directory = join(disk, 'audit')
    const log = openWith(faultyFiles({}), { directory }, limits)
    const answered: string[] = []
    let refused: unknown
    for (let n = 0; n < 100 && refused === undefined; n += 1) {
      await log.append(decision(`d${n}`, { reason: 'x'.repeat(5000) })).then(
        () => answered.push(`d${n}`),
        (error) => {
          refused = error
        },
      )
    }
    expect(refused).toEqual(unavailable)
    expect(refused).toMatchObject({ help: expect.stringContaining('free some space') })
    expect(answered.length).toBeGreaterThan(20)
    await expect(log.append(decision('still full'))).rejects.toEqual(unavailable)
    expect((await verifyLog({ directory })).problems).toEqual([])
    execFileSync('mount', ['-o', 'remount,size=1m', disk])
    await log.append(decision('after'))
    await log.close()
    expect(await verifyLog({ directory })).toMatchObject({ ok: true, problems: [] })
    expect(await idsOf(directory)).toEqual(expect.arrayContaining([...answered, 'after']))
  })

  it('and a path that cannot be made, are refused with a help', async () => {
    const log = await openAuditLog({ directory: '/proc/lelu-audit', deadlineMs: 2000 })
    await expect(log.append(decision('d'))).rejects.toEqual(unavailable)
    await log.close()
  })
})
