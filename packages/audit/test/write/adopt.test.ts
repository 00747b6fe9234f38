import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { verifyLog } from '../../src/reading.ts'
import { openSigningKeys } from '../../src/sign/signing-keys.ts'
import { signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { sealEnded } from '../../src/write/sealer.ts'
import { diskError, faultyFiles } from '../faults.ts'
import {
  deadStream,
  decision,
  linesOf,
  segmentsOf,
  startWriter,
  temporaryFolder,
  writeStream,
} from '../support.ts'
import {
  checkpointOf,
  checkpointPath,
  leavesOf,
  openQuick,
  recordsOfKind,
  rootOf,
} from '../support-log.ts'

const keysOf = (directory: string) => () =>
  openSigningKeys({ folder: `${directory}.keys`, log: 'lelu' })

async function forge(directory: string, stream: string, size: number, root: Buffer) {
  const signers = await (await keysOf(directory)()).signers()
  return signCheckpoint({ origin: `lelu/${stream}`, size, root }, signers, 1_800_000_000)
}

function latch() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: promise, release: resolve }
}

/** Puts the note of a dead process back, as if it had died before it removed it. */
async function disownedTooLate(directory: string, stream: string) {
  const other = temporaryFolder()
  const dead = await deadStream(other, 1)
  copyFileSync(join(other, 'owners', `${dead}.json`), join(directory, 'owners', `${stream}.json`))
}

describe('the end of a stream whose process died', () => {
  it('is signed by the next one, which records the tree', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 3, '{"half')
    await writeStream(directory, 1)
    const root = rootOf(await leavesOf(directory, dead))
    expect(await checkpointOf(directory, dead)).toMatchObject({ size: 4, root })
    const recoveries = await recordsOfKind(directory, 'recovery')
    expect(recoveries).toMatchObject([
      { of: dead, cause: 'owner_dead', tree: { size: 4, root: root.toString('base64') } },
    ])
    const signed = readFileSync(checkpointPath(directory, dead))
    await writeStream(directory, 1)
    expect(await recordsOfKind(directory, 'recovery')).toEqual(recoveries)
    expect(readFileSync(checkpointPath(directory, dead))).toEqual(signed)
  })

  it('is signed once though two processes begin at the same time', async () => {
    const directory = temporaryFolder()
    await writeStream(directory, 1) // the keys are there
    const dead = await deadStream(directory, 2)
    await Promise.all([1, 2].map(() => startWriter(directory, 1, 30).ended))
    await writeStream(directory, 1)
    const of = (await recordsOfKind(directory, 'recovery')).filter((one) => one.of === dead)
    const root = rootOf(await leavesOf(directory, dead))
    expect(of.length).toBeGreaterThanOrEqual(1)
    for (const { tree } of of) expect(tree).toEqual({ size: 3, root: root.toString('base64') })
    expect(await checkpointOf(directory, dead)).toMatchObject({ size: 3, root })
    expect((await verifyLog({ directory })).problems).toEqual([])
  })

  it('is signed also when it died between its close record and the removal of its note', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 2)
    const closed = await checkpointOf(directory, stream)
    rmSync(checkpointPath(directory, stream))
    await disownedTooLate(directory, stream)
    await writeStream(directory, 1)
    const { size, root } = closed ?? {}
    expect(await checkpointOf(directory, stream)).toMatchObject({ size: 4, root })
    expect(size).toBe(4)
    expect(existsSync(join(directory, 'owners', `${stream}.json`))).toBe(false)
    expect(await recordsOfKind(directory, 'recovery')).toEqual([])
  })

  it.each([
    ['of other records', 2],
    ['of more records than there are', 9],
  ])('is not signed over a checkpoint %s', async (_, size) => {
    const directory = temporaryFolder()
    await writeStream(directory, 1)
    const dead = await deadStream(directory, 3)
    const forged = await forge(directory, dead, size, Buffer.alloc(32, 7))
    writeFileSync(checkpointPath(directory, dead), forged)
    await writeStream(directory, 1)
    expect(await recordsOfKind(directory, 'recovery')).toMatchObject([{ of: dead, tree: null }])
    expect(readFileSync(checkpointPath(directory, dead), 'utf8')).toBe(forged)
  })

  it('is not signed over a text that is no checkpoint of this stream', async () => {
    const directory = temporaryFolder()
    const other = await writeStream(directory, 1)
    const dead = await deadStream(directory, 3)
    copyFileSync(checkpointPath(directory, other), checkpointPath(directory, dead))
    await writeStream(directory, 1)
    expect(await recordsOfKind(directory, 'recovery')).toMatchObject([{ of: dead, tree: null }])
  })

  it('is not signed over a text that is no checkpoint, so that verifying still finds it', async () => {
    const directory = temporaryFolder()
    const dead = await deadStream(directory, 3)
    writeFileSync(checkpointPath(directory, dead), 'forged\n')
    await writeStream(directory, 1)
    expect(await recordsOfKind(directory, 'recovery')).toMatchObject([{ of: dead, tree: null }])
    expect(readFileSync(checkpointPath(directory, dead), 'utf8')).toBe('forged\n')
  })

  it('is not signed when records that no checkpoint covers were edited', async () => {
    const directory = temporaryFolder()
    const log = await openQuick({ directory }, { segmentBytes: 1, sealMs: 600_000 })
    await log.append(decision('a'))
    await log.seal()
    let head = { seq: 0, leaf: '' }
    for (const id of ['b', 'c', 'd', 'e']) head = await log.append(decision(id))
    const options = { directory, log: 'lelu', stream: log.stream, now: Date.now }
    const rest = { files: diskFiles, keys: keysOf(directory), head }
    const third = join(directory, segmentsOf(directory)[2] ?? '')
    const { lines, write } = linesOf(third)
    write(lines.map((line) => line.replace('"id":"b"', '"id":"x"')))
    expect(await sealEnded({ ...options, ...rest })).toBeUndefined()
    expect(await checkpointOf(directory, log.stream)).toMatchObject({ size: 2 })
    write(lines)
    expect(await sealEnded({ ...options, ...rest })).toMatchObject({ size: 6 })
  })

  it('is signed by a process that was there before, and still is', async () => {
    const log = await openQuick()
    const { directory } = log
    await log.append(decision('a'))
    const dead = await deadStream(directory, 2)
    await expect.poll(() => recordsOfKind(directory, 'recovery')).toMatchObject([{ of: dead }])
    expect(await checkpointOf(directory, dead)).toMatchObject({ size: 3 })
  })

  it('is written though the process left the stream while it ended another', async () => {
    // Seen on a busy machine: the old stream's round of recovery took the list of what was left, and did nothing.
    const directory = temporaryFolder()
    await writeStream(directory, 1) // the keys are there
    const dead = await deadStream(directory, 2)
    const ending = latch()
    const left = latch()
    const beginning = latch()
    const state = { broken: false, old: '' }
    const files = faultyFiles({
      before: async (operation, path) => {
        if (operation === 'replace' && path === checkpointPath(directory, dead)) await ending.open
        if (!state.broken) return
        if (operation === 'append' && path.includes(state.old)) throw diskError('EIO')
        if (operation !== 'makeFolder' || path === directory) return
        left.release()
        await beginning.open
      },
    })
    const log = await openQuick({ directory }, { endedMs: 10, retryMs: 1 }, files)
    await log.append(decision('a'))
    await new Promise((resolve) => setTimeout(resolve, 100)) // the next round waits for the first
    Object.assign(state, { broken: true, old: log.stream })
    await expect(log.append(decision('b'))).rejects.toMatchObject({
      code: 'LELU_AUDIT_UNAVAILABLE',
    })
    const append = () => log.append(decision('c')).then(Boolean, () => false)
    // The write that failed is still on its way back at first. A poll begins when somebody waits for it.
    const behind = Promise.resolve(expect.poll(append).toBe(true))
    await left.open
    ending.release()
    await new Promise((resolve) => setTimeout(resolve, 100)) // the old stream's rounds are over
    beginning.release()
    await behind
    const ends = () => recordsOfKind(directory, 'recovery')
    await expect.poll(async () => (await ends()).map(({ of }) => of)).toContain(state.old)
    await log.close()
    expect((await verifyLog({ directory })).problems).toEqual([])
  })

  it('is written by one round at a time, though the process leaves the stream that does it', async () => {
    // Else a second round would cut, seal and record what the first has in hand: it is this process's own claim.
    const directory = temporaryFolder()
    const ending = latch()
    const state = { broken: [] as string[], seals: 0 }
    const files = faultyFiles({
      before: async (operation, path) => {
        const isOf = (stream: string) => path.startsWith(join(directory, stream))
        if (operation === 'append' && state.broken.some(isOf)) throw diskError('EIO')
        if (operation !== 'replace' || path !== checkpointPath(directory, state.broken[0] ?? ''))
          return
        state.seals += 1
        await ending.open
      },
    })
    const limits = { endedMs: 600_000, retryMs: 1, sealMs: 600_000 }
    const log = await openQuick({ directory }, limits, files)
    const append = () => log.append(decision('a')).then(Boolean, () => false)
    await expect.poll(append).toBe(true)
    state.broken.push(log.stream)
    await expect.poll(append).toBe(true)
    await expect.poll(() => state.seals).toBe(1)
    state.broken.push(log.stream) // which is in the middle of ending the first
    await expect.poll(append).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 200)) // a round of the third would be there
    expect(state.seals).toBe(1)
    ending.release()
    const ends = async () => (await recordsOfKind(directory, 'recovery')).map(({ of }) => of)
    await expect.poll(ends).toHaveLength(2)
    expect((await ends()).sort()).toEqual(state.broken.sort())
  })

  it('is found though another dead stream cannot be read', async () => {
    const directory = temporaryFolder()
    const first = await deadStream(directory, 1)
    const second = await deadStream(directory, 1)
    const [blocked = ''] = [first, second].sort()
    const segment = join(directory, blocked, '0000000000000000.jsonl')
    rmSync(segment)
    mkdirSync(segment) // reading it gives EISDIR
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    await writeStream(directory, 1)
    expect(await warned).toMatchObject({ code: 'LELU_AUDIT_RECOVERY' })
    const ended = (await recordsOfKind(directory, 'recovery').catch(() => [])).map(({ of }) => of)
    expect(readdirSync(join(directory, 'owners'))).toEqual([`${blocked}.json`])
    expect(ended).not.toContain(blocked)
  })
})
