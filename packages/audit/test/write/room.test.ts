import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { unavailable as unavailableFor } from '../../src/errors.ts'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { reserveBytes } from '../../src/folder/reserve.ts'
import { verifyLog } from '../../src/reading.ts'
import { createRoom } from '../../src/write/room.ts'
import { diskError, faultyFiles, type Operation } from '../faults.ts'
import { decision, temporaryFolder } from '../support.ts'
import { openQuick, recordsOf, recordsOfKind } from '../support-log.ts'

const unavailable = expect.objectContaining({ code: 'LELU_AUDIT_UNAVAILABLE' })
const plenty = async () => 4 * reserveBytes

/**
 * A disk that holds what the reserve leaves: while that is there, records meet the error; when it was given back they
 * are written, until `more` is false.
 */
async function fullDisk(code = 'ENOSPC', limits = {}) {
  const directory = temporaryFolder()
  const reserve = join(directory, 'reserve')
  const state = { full: false, free: 0, asked: 0 }
  const files = faultyFiles({
    before: async (operation: Operation, path: string) => {
      const isRecord = operation === 'append' && path.endsWith('.jsonl')
      if (isRecord) state.asked += 1
      if (isRecord && state.full && existsSync(reserve)) throw diskError(code)
    },
  })
  const log = await openQuick(
    { directory },
    { reserveMs: 1, retryMs: 30, free: async () => state.free || plenty(), ...limits },
    files,
  )
  await log.append(decision('before'))
  await expect.poll(() => existsSync(reserve)).toBe(true)
  return { log, directory, reserve, state }
}

describe('a disk that is full', () => {
  it('is said with the reserve, refuses without asking it, and is left by itself when there is room', async () => {
    const { log, directory, reserve, state } = await fullDisk()
    const old = log.stream
    expect(statSync(reserve).size).toBe(reserveBytes)
    Object.assign(state, { full: true, free: 1 })
    await expect(log.append(decision('meets it'))).rejects.toEqual(unavailable)
    await expect.poll(() => recordsOfKind(directory, 'full')).toHaveLength(1)
    expect(existsSync(reserve)).toBe(false)
    expect(log.state).toBe('failed')
    const asked = state.asked
    for (let n = 0; n < 5; n += 1) {
      await expect(log.append(decision(`refused ${n}`))).rejects.toMatchObject({
        code: 'LELU_AUDIT_UNAVAILABLE',
        cause: { code: 'ENOSPC' },
      })
    }
    expect(state.asked).toBe(asked)
    await new Promise((resolve) => setTimeout(resolve, 100)) // three looks at a full disk
    expect(log.state).toBe('failed')
    Object.assign(state, { full: false, free: 0 })
    await expect.poll(() => log.state).toBe('open')
    expect(existsSync(reserve)).toBe(true)
    await log.append(decision('after'))
    await log.close()
    const kinds = (await recordsOf(directory, log.stream)).map(({ kind }) => kind)
    expect(kinds).toEqual(['genesis', 'full', 'recovery', 'resumed', 'decision', 'close'])
    expect(await recordsOfKind(directory, 'full')).toMatchObject([{ error_code: 'ENOSPC' }])
    expect(await recordsOfKind(directory, 'resumed')).toMatchObject([{ refused: 5 }])
    expect(await recordsOfKind(directory, 'recovery')).toMatchObject([
      { of: old, cause: 'write_failed' },
    ])
    expect(await verifyLog({ directory })).toMatchObject({ ok: true, problems: [] })
  })

  it('refuses before the disk has told how much is free, also when it never does', async () => {
    let hangs = false
    let looks = 0
    const { log, state } = await fullDisk('ENOSPC', {
      free: () => {
        if (!hangs) return plenty()
        looks += 1
        return new Promise<number>(() => {})
      },
    })
    hangs = true
    Object.assign(state, { full: true, free: 1 })
    await expect(log.append(decision('meets it'))).rejects.toEqual(unavailable)
    await expect.poll(() => looks).toBe(1) // and it hangs
    expect(log.state).toBe('failed')
    let answered = ''
    const refused = log.append(decision('refused')).catch(() => {
      answered ||= 'append'
    })
    setImmediate(() => {
      answered ||= 'next turn'
    })
    await refused
    expect(answered).toBe('append')
  })

  it('by its quota is said, too', async () => {
    const { log, directory, state } = await fullDisk('EDQUOT')
    Object.assign(state, { full: true, free: 1 })
    await expect(log.append(decision('meets it'))).rejects.toEqual(unavailable)
    await expect
      .poll(() => recordsOfKind(directory, 'full'))
      .toMatchObject([{ error_code: 'EDQUOT' }])
  })

  it('although it seems to have room is looked at ever more rarely', async () => {
    const { log, directory, state } = await fullDisk('EDQUOT', { free: plenty })
    state.full = true
    await expect(log.append(decision('meets it'))).rejects.toEqual(unavailable)
    const full = async () => (await recordsOfKind(directory, 'full')).length
    await expect.poll(full, { timeout: 30_000 }).toBeGreaterThan(0)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(await full()).toBeLessThan(8) // 30, 60, 120, … ms; every 30 ms it would be more than twice as many
    expect(log.state).toBe('failed')
  })

  it('is said again when the first record behind it is refused, though the room looked free', async () => {
    // As it goes when a stream meets the disk while the reserve is made: nothing fails anew, the failure is still there.
    const directory = temporaryFolder()
    const said: string[] = []
    const error = unavailableFor('appending', diskError('EDQUOT'))
    const room = createRoom({
      ...{ files: diskFiles, directory, renew() {}, retryMs: 5, free: plenty },
      limit: { bytes: 1, ageMs: 1 },
      async append({ kind }) {
        said.push(kind)
        if (kind === 'resumed' && said.length === 2) throw error
      },
    })
    await room.reserve()
    expect(await room.filled(error)).toBe(true)
    await expect.poll(() => said).toEqual(['full', 'resumed', 'full', 'resumed'])
    expect(room.full).toBe(false)
    room.close()
  })

  it('when the process begins is said with the reserve that another process left', async () => {
    const { log: first, directory } = await fullDisk()
    await first.close()
    let full = true
    const files = faultyFiles({
      before: async (operation) => {
        if (operation === 'replace' && full) {
          full = false // the reserve is given back for what comes next
          throw diskError('ENOSPC')
        }
      },
    })
    const log = await openQuick({ directory }, { free: async () => 0 }, files)
    await expect(log.append(decision('a'))).rejects.toEqual(unavailable)
    await expect.poll(() => recordsOfKind(directory, 'full')).toHaveLength(1)
    expect(existsSync(join(directory, 'reserve'))).toBe(false)
  })
})

describe('a reserve', () => {
  it('is not made on a disk that it would fill', async () => {
    const directory = temporaryFolder()
    let asked = 0
    const free = async () => {
      asked += 1
      return 2 * reserveBytes - 1
    }
    const log = await openQuick({ directory }, { reserveMs: 1, free })
    await log.append(decision('a'))
    await expect.poll(() => asked).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(existsSync(join(directory, 'reserve'))).toBe(false)
    expect(existsSync(join(directory, 'reserve.tmp'))).toBe(false)
  })
})

describe('an fsync that fails', () => {
  it('is never asked again of the same file, nor is the file written to', async () => {
    const touched: string[] = []
    let broken = false
    const files = faultyFiles({
      before: async (operation, path) => {
        if (!path.endsWith('.jsonl')) return
        if (operation === 'append' || operation === 'sync') touched.push(`${operation} ${path}`)
        if (broken && operation === 'sync') {
          broken = false
          throw diskError('EIO')
        }
      },
    })
    const log = await openQuick({}, {}, files)
    await log.append(decision('before'))
    const old = log.stream
    broken = true
    await expect(log.append(decision('lost'))).rejects.toEqual(unavailable)
    touched.length = 0
    await expect.poll(() => log.append(decision('after')).catch(() => undefined)).toBeDefined()
    await log.close()
    expect(touched.filter((one) => one.includes(old))).toEqual([])
    expect(await verifyLog({ directory: log.directory })).toMatchObject({ ok: true })
  })
})

/** A file system of 48 MiB, or undefined where none can be mounted. */
function smallDisk(): string | undefined {
  const folder = join(temporaryFolder(), 'disk')
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder])
  })
  return folder
}

describe('a real disk of 48 MiB', () => {
  it('that somebody fills says so from its reserve, and goes on when it is freed (needs root and mount)', async (context) => {
    const disk = smallDisk()
    if (disk === undefined) return context.skip()
    const directory = join(disk, 'audit')
    const keys = join(temporaryFolder(), 'keys')
    const log = await openQuick({ directory, keys }, { reserveMs: 1, retryMs: 50 })
    const answered: unknown[] = []
    const append = (id: string) => log.append(decision(id, { reason: 'x'.repeat(5000) }))
    answered.push((await append('first')) && 'first')
    await expect.poll(() => existsSync(join(directory, 'reserve'))).toBe(true)
    const filler = join(disk, 'filler')
    execFileSync('sh', ['-c', `cat /dev/zero > ${filler} 2>/dev/null || true`])
    let refused: unknown
    for (let n = 0; n < 100 && refused === undefined; n += 1) {
      await append(`d${n}`).then(
        () => answered.push(`d${n}`),
        (error) => {
          refused = error
        },
      )
    }
    expect(refused).toEqual(unavailable)
    await expect.poll(() => recordsOfKind(directory, 'full')).toHaveLength(1)
    await expect(append('refused')).rejects.toEqual(unavailable)
    execFileSync('rm', [filler])
    await expect.poll(() => log.state, { timeout: 30_000 }).toBe('open')
    expect(statSync(join(directory, 'reserve')).size).toBe(reserveBytes)
    answered.push((await append('after')) && 'after')
    await log.close()
    expect(await verifyLog({ directory })).toMatchObject({ ok: true, problems: [] })
    const ids = (await recordsOfKind(directory, 'decision')).map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(answered))
    expect(await recordsOfKind(directory, 'resumed')).toMatchObject([{ refused: 1 }])
  })
})
