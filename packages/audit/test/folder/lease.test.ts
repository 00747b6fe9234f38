import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isSilent, leaseMs, renewLease } from '../../src/folder/lease.ts'
import { hold } from '../../src/folder/lock.ts'
import { verifyLog } from '../../src/reading.ts'
import { deadStream, decision, temporaryFolder } from '../support.ts'
import { openQuick, recordsOf, recordsOfKind } from '../support-log.ts'

/** As the note of a process in another container: whether it lives cannot be told from here. */
function moveAway(path: string): void {
  const owner = JSON.parse(readFileSync(path, 'utf8')) as object
  writeFileSync(path, JSON.stringify({ ...owner, namespace: 'pid:[1]' }))
}

function age(path: string, ms: number): void {
  const time = new Date(statSync(path).mtimeMs - ms)
  utimesSync(path, time, time)
}

describe('a process in another container', () => {
  it.each([
    ['that was silent for the whole lease has its stream ended', leaseMs + 1000, 'recovered'],
    ['that gave a sign of life keeps its stream', leaseMs - 60_000, 'open'],
  ])('%s', async (_, silentMs, state) => {
    const directory = temporaryFolder()
    const stream = await deadStream(directory, 2)
    const note = join(directory, 'owners', `${stream}.json`)
    moveAway(note)
    age(note, silentMs)
    const log = await openQuick({ directory })
    await log.append(decision('next'))
    await log.close()
    const report = await verifyLog({ directory })
    expect(report.problems).toEqual([])
    expect(report.streams.find((one) => one.stream === stream)?.state).toBe(state)
    const ended = await recordsOfKind(directory, 'recovery')
    expect(ended.map(({ cause }) => cause)).toEqual(state === 'open' ? [] : ['owner_silent'])
  })

  it.each([
    ['that renews its lock keeps it', leaseMs - 60_000, false],
    ['that does not loses it', leaseMs + 1000, true],
  ])('%s', async (_, silentMs, taken) => {
    const path = join(temporaryFolder(), 'a.json')
    const held = await hold(path)
    moveAway(path)
    age(path, silentMs)
    expect((await hold(path)) !== undefined).toBe(taken)
    await held?.release()
    expect(existsSync(path)).toBe(true)
    expect(await held?.renew()).toBe(false)
  })
})

describe('a lease', () => {
  it('is renewed by writing, and is gone with its file', async () => {
    const path = join(temporaryFolder(), 'note')
    writeFileSync(path, 'text')
    age(path, leaseMs + 1000)
    expect(await isSilent(path)).toBe(true)
    expect(await renewLease(path)).toBe(true)
    expect([await isSilent(path), readFileSync(path, 'utf8')]).toEqual([false, 'text'])
    rmSync(path)
    expect([await renewLease(path), existsSync(path), await isSilent(path)]).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe('a log', () => {
  it('tells others that it is alive, and leaves a stream that they have taken over', async () => {
    const log = await openQuick({}, { endedMs: 20 })
    const { stream } = await log.append(decision('a'))
    const note = join(log.directory, 'owners', `${stream}.json`)
    age(note, leaseMs)
    await expect.poll(() => isSilent(note).catch(() => true)).toBe(false)
    await expect.poll(() => Date.now() - statSync(note).mtimeMs).toBeLessThan(leaseMs / 2)
    rmSync(note)
    await expect.poll(async () => (await log.append(decision('b'))).stream).not.toBe(stream)
  })

  it('that stood still for minutes writes nothing more to its stream', async () => {
    const log = await openQuick()
    const { stream } = await log.append(decision('before'))
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + leaseMs / 3 + 1000)
    onTestFinished(() => clock.mockRestore())
    expect((await log.append(decision('after'))).stream).not.toBe(stream)
    await log.close()
    expect((await verifyLog({ directory: log.directory })).problems).toEqual([])
  })
  it('that stood still for minutes writes no sign of life to its stream', async () => {
    const log = await openQuick({}, { peersMs: 5, heartbeatMs: 5 })
    const { stream } = await log.append(decision('before'))
    const beats = async (of: string) =>
      (await recordsOf(log.directory, of)).filter(({ kind }) => kind === 'heartbeat').length
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + leaseMs / 3 + 1000)
    onTestFinished(() => clock.mockRestore())
    const before = await beats(stream)
    await expect.poll(() => (log.stream === stream ? 0 : beats(log.stream))).toBeGreaterThan(0)
    expect(await beats(stream)).toBeLessThanOrEqual(before + 1)
  })

  it('that is closed adds nothing to a stream that was ended by others', async () => {
    const log = await openQuick({}, { endedMs: 600_000 })
    const { stream } = await log.append(decision('a'))
    await log.seal()
    const note = join(log.directory, 'owners', `${stream}.json`)
    moveAway(note)
    age(note, leaseMs + 1000)
    const other = await openQuick({ directory: log.directory })
    await other.append(decision('b'))
    await other.close()
    await log.close()
    const report = await verifyLog({ directory: log.directory })
    expect(report.problems).toEqual([])
    expect(report.streams.find((one) => one.stream === stream)?.state).toBe('recovered')
  })
})
