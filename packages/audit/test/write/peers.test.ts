import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decision, temporaryFolder, writeStream } from '../support.ts'
import {
  checkpointOf,
  checkpointPath,
  openQuick,
  recordsOf,
  recordsOfKind,
} from '../support-log.ts'

const soon = { peersMs: 30, heartbeatMs: 60 }

async function peersIn(directory: string, stream: string) {
  const records = (await recordsOf(directory, stream)).filter(({ kind }) => kind === 'peers')
  return records.flatMap(({ peers }) => peers as { stream: string; size: number; root: string }[])
}

describe('the checkpoints of other streams', () => {
  it('are recorded once each time they have grown', async () => {
    const directory = temporaryFolder()
    const watching = await openQuick({ directory }, soon)
    await watching.append(decision('w'))
    const other = await openQuick({ directory }, { peersMs: 600_000, sealMs: 600_000 })
    await other.append(decision('a'))
    await other.seal()
    const seen = () => peersIn(directory, watching.stream)
    await expect.poll(seen).toHaveLength(1)
    await new Promise((resolve) => setTimeout(resolve, 120)) // several looks
    const first = await checkpointOf(directory, other.stream)
    await other.append(decision('b'))
    await other.seal()
    await expect.poll(seen).toHaveLength(2)
    const second = await checkpointOf(directory, other.stream)
    expect(await seen()).toEqual(
      [first, second].map((checkpoint) => ({
        stream: other.stream,
        size: checkpoint?.size,
        root: checkpoint?.root.toString('base64'),
      })),
    )
  })

  it('are not believed when this log has not signed them', async () => {
    const directory = temporaryFolder()
    const forger = temporaryFolder()
    const victim = await writeStream(directory, 1)
    // Signed by another key, under the name of a stream that is here.
    const foreign = await openQuick({ directory: forger })
    await foreign.append(decision('f'))
    await foreign.seal()
    rmSync(checkpointPath(directory, victim))
    copyFileSync(checkpointPath(forger, foreign.stream), checkpointPath(directory, victim))
    const good = await writeStream(directory, 1)
    const watching = await openQuick({ directory }, soon)
    await watching.append(decision('w'))
    const streams = async () => (await peersIn(directory, watching.stream)).map((one) => one.stream)
    await expect.poll(streams).toEqual([good])
  })

  it('are recorded though one of them cannot be read', async () => {
    const directory = temporaryFolder()
    const broken = await writeStream(directory, 1)
    const good = await writeStream(directory, 1)
    rmSync(checkpointPath(directory, broken))
    mkdirSync(checkpointPath(directory, broken))
    const watching = await openQuick({ directory }, soon)
    await watching.append(decision('w'))
    await expect
      .poll(() => peersIn(directory, watching.stream))
      .toMatchObject([{ stream: good, size: 3 }])
  })
})

describe('the streams that a new one vouches for', () => {
  /** The streams that the last one of a log names, which is begun now. */
  async function named(directory: string) {
    const last = await writeStream(directory, 1)
    const [genesis] = await recordsOf(directory, last)
    return ((genesis?.peers ?? []) as { stream: string }[]).map(({ stream }) => stream)
  }

  it.each([
    ['in times to come', '7zzzzzzzzz'],
    ['of just now', undefined],
  ])('are not displaced by empty folders with names %s', async (_, time) => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 1)
    for (let n = 0; n < 20; n += 1) {
      const random = `zzzzzzzzzzzzzz${String(n).padStart(2, '0')}`
      mkdirSync(join(directory, `${time ?? stream.slice(0, 10)}${random}`))
    }
    expect(await named(directory)).toEqual([stream])
  })

  it('are not displaced by streams that a clock has given names of times to come', async () => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 1)
    const wrong = await writeStream(directory, 1)
    for (let n = 0; n < 20; n += 1) {
      const name = `7${String(n).padStart(25, '0')}`
      cpSync(join(directory, wrong), join(directory, name), { recursive: true })
    }
    const names = await named(directory)
    expect(names.slice(0, 2)).toEqual([stream, wrong])
    expect(names).toHaveLength(2 + 16)
  })
})

describe('a quiet log', () => {
  it('says that it is alive, and does not while it is busy', async () => {
    const quiet = await openQuick({}, { peersMs: 20, heartbeatMs: 100 })
    await quiet.append(decision('a'))
    await expect
      .poll(async () => (await recordsOfKind(quiet.directory, 'heartbeat')).length)
      .toBeGreaterThan(1)
    const busy = await openQuick({}, { peersMs: 20, heartbeatMs: 600_000 })
    for (let n = 0; n < 5; n += 1) await busy.append(decision(`d${n}`))
    expect(await recordsOfKind(busy.directory, 'heartbeat')).toEqual([])
  })
})
