import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAuditLog } from '../src/index.ts'
import { verifyLog } from '../src/reading.ts'
import { openWith } from '../src/write/log.ts'
import { diskError, faultyFiles, type Operation } from './faults.ts'
import { decision, segmentsOf, temporaryFolder } from './support.ts'

const unavailable = expect.objectContaining({ code: 'LELU_AUDIT_UNAVAILABLE' })
const limits = { segmentBytes: 1 << 20, retryMs: 60_000, sealMs: 600_000 }

/** A log whose syncs wait until they are let go, or failed. */
async function heldLog(directory: string) {
  let held: PromiseWithResolvers<void> | undefined
  const files = faultyFiles({
    before: async (operation) => {
      if (operation === 'sync') await held?.promise
    },
  })
  const log = openWith(files, { directory, deadlineMs: 20_000 }, limits)
  await log.append(decision('first'))
  held = Promise.withResolvers<void>()
  held.promise.catch(() => {}) // perhaps before a sync waits for it
  return { log, release: held.resolve, fail: held.reject }
}

/** A log that tells what was done to its disk since its first record. */
async function countedLog(segmentBytes: number) {
  const done: Operation[] = []
  const files = faultyFiles({ after: (operation) => done.push(operation) })
  const log = openWith(files, { directory: temporaryFolder() }, { ...limits, segmentBytes })
  await log.append(decision('first'))
  done.length = 0
  return { log, done }
}

const textOf = (directory: string) =>
  segmentsOf(directory)
    .map((file) => readFileSync(join(directory, file), 'utf8'))
    .join('')

describe('a record that need not wait for the disk', () => {
  it('is answered when it is written, before it is synced', async () => {
    const directory = temporaryFolder()
    const { log, release } = await heldLog(directory)
    const receipt = await log.append(decision('written'), { until: 'written' })
    expect(textOf(directory)).toContain('"id":"written"')
    let durable = false
    const next = log.append(decision('durable')).then(() => {
      durable = true
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(durable).toBe(false)
    release()
    await next
    await log.close()
    expect(receipt).toMatchObject({ stream: log.stream, seq: 2 })
    expect(await verifyLog({ directory })).toMatchObject({ problems: [] })
  })

  it.each(['at once', 'later'])(
    'whose sync fails afterwards closes the log to all that follow (%s)',
    async (when) => {
      const { log, fail } = await heldLog(temporaryFolder())
      await log.append(decision('written'), { until: 'written' })
      fail(diskError('EIO'))
      if (when === 'later') await expect.poll(() => log.state).toBe('failed')
      await expect(log.append(decision('after'))).rejects.toEqual(unavailable)
      expect(log.state).toBe('failed')
      await log.close()
    },
  )

  it('is synced by itself, with the next durable record, or when the log is closed', async () => {
    const { log, done } = await countedLog(1 << 20)
    await log.append(decision('by itself'), { until: 'written' })
    expect(done).toEqual(['append'])
    await expect.poll(() => done).toEqual(['append', 'sync'])
    done.length = 0
    await log.append(decision('with the next'), { until: 'written' })
    await log.append(decision('next'))
    expect(done).toEqual(['append', 'append', 'sync'])
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(done).toEqual(['append', 'append', 'sync'])
    done.length = 0
    await log.append(decision('before the end'), { until: 'written' })
    await log.close()
    expect(done.findLast((one) => one === 'append' || one === 'sync')).toBe('sync')
  })

  it('is synced before the next segment is begun', async () => {
    const { log, done } = await countedLog(1)
    await log.append(decision('in one segment'), { until: 'written' })
    done.length = 0
    await log.append(decision('in the next'))
    expect(done).toEqual(['sync', 'create', 'syncFolder', 'append', 'sync'])
    await log.close()
  })

  it('tells when it is in the page cache, and when it is on disk', async () => {
    const { log, release } = await heldLog(temporaryFolder())
    const told: string[] = []
    const hooks = (name: string) => ({
      onWritten: () => void told.push(`${name} written`),
      onDurable: (error?: unknown) => void told.push(`${name} ${error ? 'lost' : 'durable'}`),
    })
    await log.append(decision('a'), { until: 'written', ...hooks('a') })
    expect(told).toEqual(['a written'])
    const second = log.append(decision('b'), hooks('b')).then(() => told.push('b answered'))
    await expect.poll(() => told).toEqual(['a written', 'b written'])
    release()
    await second
    expect(told.slice(2)).toEqual(['a durable', 'b durable', 'b answered'])
    await log.append(decision('c'), { until: 'written', ...hooks('c') })
    await log.close()
    expect(told.slice(5)).toEqual(['c written', 'c durable'])
  })

  it('tells once that it may be lost when its sync fails', async () => {
    const { log, fail } = await heldLog(temporaryFolder())
    const told: unknown[] = []
    const onDurable = (error?: unknown) => void told.push(error)
    await log.append(decision('written'), { until: 'written', onDurable })
    const durable = log.append(decision('durable'), { onDurable })
    fail(diskError('EIO'))
    await expect(durable).rejects.toEqual(unavailable)
    expect(told).toEqual([unavailable, unavailable])
    await log.close()
    expect(told).toHaveLength(2)
  })

  it('is on disk after a flush, which fails when it may not be', async () => {
    const { log, done } = await countedLog(1 << 20)
    await log.append(decision('written'), { until: 'written' })
    await log.flush()
    expect(done).toEqual(['append', 'sync'])
    await log.flush() // nothing to do
    expect(done).toEqual(['append', 'sync'])
    await log.close()

    const held = await heldLog(temporaryFolder())
    await held.log.append(decision('written'), { until: 'written' })
    held.fail(diskError('EIO'))
    await expect(held.log.flush()).rejects.toEqual(unavailable)
    await held.log.close()
  })

  it('that cannot be written is refused', async () => {
    let broken = false
    const files = faultyFiles({
      before: async (operation) => {
        if (broken && operation === 'append') throw diskError('ENOSPC')
      },
    })
    const log = openWith(files, { directory: temporaryFolder() }, limits)
    await log.append(decision('first'))
    broken = true
    const refused = log.append(decision('written'), { until: 'written' })
    await expect(refused).rejects.toEqual(unavailable)
    await log.close()
  })
})

describe('a process that computes for longer than the deadline', () => {
  it.each(['durable', 'written'] as const)(
    'finds its %s record on disk, and the log open',
    async (until) => {
      const log = await openAuditLog({ directory: temporaryFolder(), deadlineMs: 1000 })
      await log.append(decision('first'))
      const pending = log.append(decision('pending'), { until })
      await new Promise((resolve) => setImmediate(resolve)) // the write has begun
      const late = performance.now() + 1100
      while (performance.now() < late);
      await pending
      await log.append(decision('next'))
      expect(log.state).toBe('open')
      await log.close()
    },
  )
})
