import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verifyLog } from '../../src/reading.ts'
import { consistencyProof } from '../../src/tlog/merkle.ts'
import { verifyConsistency } from '../../src/tlog/verify-proofs.ts'
import { defaultLimits } from '../../src/write/log-options.ts'
import { diskError, faultyFiles } from '../faults.ts'
import { decision, temporaryFolder } from '../support.ts'
import {
  checkpointOf,
  checkpointPath,
  leavesOf,
  openQuick,
  recordsOf,
  recordsOfKind,
  rootOf,
} from '../support-log.ts'

const altered = expect.objectContaining({ code: 'LELU_AUDIT_ALTERED' })
const never = { sealMs: 600_000 }

describe('a checkpoint', () => {
  it('is signed by itself soon after a record, and covers all records on disk', async () => {
    expect(defaultLimits.sealMs).toBeLessThanOrEqual(500)
    const { directory, stream, ...log } = await openQuick()
    await log.append(decision('a'))
    const name = (await recordsOf(directory))[0]?.stream ?? ''
    await expect.poll(() => checkpointOf(directory, name)).toMatchObject({ size: 2 })
    const leaves = await leavesOf(directory, name)
    expect((await checkpointOf(directory, name))?.root).toEqual(rootOf(leaves))
  })

  it('continues the one before, and the last covers the close record', async () => {
    const log = await openQuick({}, never)
    const { directory } = log
    const sizes: number[] = []
    const roots: Buffer[] = []
    for (const count of [1, 3, 8]) {
      for (let n = 0; n < count; n += 1) await log.append(decision(`${count}-${n}`))
      await log.seal()
      const checkpoint = await checkpointOf(directory, log.stream)
      sizes.push(checkpoint?.size ?? 0)
      roots.push(checkpoint?.root ?? Buffer.alloc(0))
    }
    await log.close()
    const last = await checkpointOf(directory, log.stream)
    expect([...sizes, last?.size]).toEqual([2, 5, 13, 14])
    const leaves = await leavesOf(directory, log.stream)
    const newRoot = last?.root ?? Buffer.alloc(0)
    sizes.forEach((oldSize, index) => {
      const oldRoot = roots[index] ?? Buffer.alloc(0)
      const proof = consistencyProof(leaves, oldSize)
      expect(verifyConsistency({ oldSize, oldRoot, newSize: 14, newRoot, proof })).toBe(true)
    })
    expect(await verifyLog({ directory })).toMatchObject({ ok: true })
  })

  it('is not signed twice when nothing was added', async () => {
    const log = await openQuick({}, never)
    await log.append(decision('a'))
    const first = await log.seal()
    expect(await log.seal()).toBe(first)
  })

  it('of records that come while another is signed follows by itself', async () => {
    const gate = Promise.withResolvers<void>()
    let signing = 0
    const files = faultyFiles({
      before: async (operation, path) => {
        if (operation !== 'replace' || !path.endsWith('checkpoint')) return
        signing += 1
        if (signing === 1) await gate.promise
      },
    })
    const log = await openQuick({}, {}, files)
    await log.append(decision('before'))
    await expect.poll(() => signing).toBe(1)
    await Promise.all(Array.from({ length: 40 }, (_, n) => log.append(decision(`while ${n}`))))
    expect(await checkpointOf(log.directory, log.stream)).toBeUndefined()
    gate.resolve()
    await expect.poll(() => checkpointOf(log.directory, log.stream)).toMatchObject({ size: 42 })
  })

  it('covers records over many segments', async () => {
    const log = await openQuick({}, { ...never, segmentBytes: 1 })
    for (let n = 0; n < 5; n += 1) {
      await log.append(decision(`d${n}`))
      if (n % 2 === 0) await log.seal()
    }
    await log.close()
    const leaves = await leavesOf(log.directory, log.stream)
    expect(await checkpointOf(log.directory, log.stream)).toMatchObject({
      size: leaves.length,
      root: rootOf(leaves),
    })
  })
})

describe('a stream that is altered while it is written', () => {
  /** A log with one signed checkpoint over two records, and two records behind it. */
  async function begun() {
    const log = await openQuick({}, never)
    await log.append(decision('signed'))
    await log.seal()
    const signed = readFileSync(checkpointPath(log.directory, log.stream), 'utf8')
    for (const id of ['b', 'c', 'd']) await log.append(decision(id))
    const path = join(log.directory, log.stream, '0000000000000000.jsonl')
    return { log, old: log.stream, signed, path }
  }

  it.each([
    ['in a record before the last', '"id":"b"', '"id":"x"'],
    ['in its last record', '"id":"d"', '"id":"x"'],
  ])('%s is not signed: its process goes on in a new stream, and says so', async (_, was, is) => {
    const { log, old, signed, path } = await begun()
    writeFileSync(path, readFileSync(path, 'utf8').replace(was, is))
    await expect(log.seal()).rejects.toEqual(altered)
    expect(readFileSync(checkpointPath(log.directory, old), 'utf8')).toBe(signed)
    expect(log.state).toBe('failed')
    await expect.poll(() => log.append(decision('after')).catch(() => undefined)).toBeDefined()
    expect(log.stream).not.toBe(old)
    await log.close()
    // Its end as it was written: the process still knows it.
    const [end, ...more] = await recordsOfKind(log.directory, 'recovery')
    expect(more).toEqual([])
    expect(end).toMatchObject({ of: old, cause: 'altered', last_seq: 4, tree: null })
    expect(await verifyLog({ directory: log.directory })).toMatchObject({ ok: false, exit: 12 })
    expect(readFileSync(checkpointPath(log.directory, old), 'utf8')).toBe(signed)
  })

  it('by a record that is cut off is not signed', async () => {
    const { log, path } = await begun()
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1))
    await expect(log.seal()).rejects.toEqual(altered)
  })

  it.each(['put back to an older one', 'removed', 'replaced by another text'] as const)(
    'in that its checkpoint is %s is not signed',
    async (how) => {
      const { log, old, signed } = await begun()
      await log.seal()
      await log.append(decision('behind'))
      const path = checkpointPath(log.directory, old)
      if (how === 'removed') rmSync(path)
      else writeFileSync(path, how === 'put back to an older one' ? signed : 'lelu\n')
      await expect(log.seal()).rejects.toEqual(altered)
      await expect.poll(() => log.append(decision('after')).catch(() => undefined)).toBeDefined()
      await log.close()
      const [end] = await recordsOfKind(log.directory, 'recovery')
      expect(end).toMatchObject({ of: old, cause: 'altered', last_seq: 5 })
    },
  )
})

describe('a checkpoint that cannot be written', () => {
  async function failing(times: number, onFailing = (_failed: number) => {}) {
    let failed = 0
    const files = faultyFiles({
      before: async (operation, path) => {
        if (operation !== 'replace' || !path.endsWith('checkpoint') || failed >= times) return
        failed += 1
        onFailing(failed)
        throw diskError('EIO')
      },
    })
    const log = await openQuick({}, { retryMs: 600_000 }, files)
    await log.append(decision('a'))
    return { log, failed: () => failed }
  }

  it('twice is tried again', async () => {
    const { log } = await failing(2)
    await expect.poll(() => checkpointOf(log.directory, log.stream)).toMatchObject({ size: 2 })
    expect(log.state).toBe('open')
  })

  it('three times ends the stream: nothing is answered that nobody could verify', async () => {
    const { log, failed } = await failing(Number.POSITIVE_INFINITY)
    await expect.poll(() => log.state).toBe('failed')
    expect(failed()).toBe(3)
    await expect(log.append(decision('b'))).rejects.toMatchObject({
      code: 'LELU_AUDIT_UNAVAILABLE',
      cause: { code: 'EIO' },
    })
  })

  it('three times is not tried again for whoever asked meanwhile', async () => {
    const asked = Promise.withResolvers<unknown>()
    const { log, failed } = await failing(Number.POSITIVE_INFINITY, (time) => {
      if (time === 3) asked.resolve(log.seal())
    })
    await expect(asked.promise).rejects.toMatchObject({ code: 'LELU_AUDIT_UNAVAILABLE' })
    expect(failed()).toBe(3)
  })

  it('that comes to no end ends it too, and nothing else is tried until it has come to one', async () => {
    const gate = Promise.withResolvers<void>()
    const files = faultyFiles({
      before: async (operation, path) => {
        if (operation === 'replace' && path.endsWith('checkpoint')) await gate.promise
      },
    })
    const log = await openQuick({ deadlineMs: 1500 }, {}, files)
    await log.append(decision('a'))
    // A checkpoint has five times as long as a record.
    await expect.poll(() => log.state, { timeout: 60_000 }).toBe('failed')
    const old = log.stream
    await expect(log.append(decision('b'))).rejects.toMatchObject({
      code: 'LELU_AUDIT_UNAVAILABLE',
      message: expect.stringContaining('signing a checkpoint'),
    })
    gate.resolve()
    await expect.poll(() => log.append(decision('c')).catch(() => undefined)).toBeDefined()
    expect(log.stream).not.toBe(old)
    await log.close()
    expect(await verifyLog({ directory: log.directory })).toMatchObject({ ok: true, warnings: [] })
  })

  it('because its keys cannot be read does so as well', async () => {
    const directory = temporaryFolder()
    const keys = join(temporaryFolder(), 'file')
    writeFileSync(keys, '')
    const log = await openQuick({ directory, keys }, { retryMs: 600_000 })
    await log.append(decision('a'))
    await expect.poll(() => log.state).toBe('failed')
    await expect(log.append(decision('b'))).rejects.toMatchObject({ name: 'AuditError' })
  })
})
