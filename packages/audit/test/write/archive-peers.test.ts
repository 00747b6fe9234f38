import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AuditSink, directorySink } from '../../src/index.ts'
import { checkpointKey, streamKey } from '../../src/sink/layout.ts'
import { inBackground, watchArchive } from '../../src/write/archive-peers.ts'
import { decision, temporaryFolder } from '../support.ts'
import { openQuick } from '../support-log.ts'

const own = '01m8hpy8a1naeq55gdksekt3vp'

/** An archive with the stream of another machine in it. */
async function archive() {
  const folder = temporaryFolder()
  const sink = directorySink({ directory: join(folder, 'archive') })
  const ship = await shipsTo(sink)
  return { sink, ship }
}

/** A log of one more machine, that brings what it records to the archive. */
async function shipsTo(sink: AuditSink, node?: string) {
  const directory = join(temporaryFolder(), 'audit')
  const log = await openQuick({ directory, sink, ...(node !== undefined && { node }) })
  return async (id: string) => {
    await log.append(decision(id))
    await log.ship()
    return { stream: log.stream, size: log.sealed?.size, root: log.sealed?.root }
  }
}

/** As a log whose key has signed them; a checkpoint that it has not signed is none. */
const believing = (sizes: ReadonlySet<number>) => async (_: string, text: string) => {
  const [origin = '', size, root = ''] = text.split('\n')
  if (!sizes.has(Number(size))) return undefined
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') }
}
const everything = { has: () => true } as unknown as ReadonlySet<number>

describe('the archive', () => {
  it('tells how far the streams of other machines are, once each time they have grown', async () => {
    const { sink, ship } = await archive()
    const look = watchArchive(sink, 'lelu', own, believing(everything))
    expect(await look()).toEqual([])
    const first = await ship('a')
    expect(await look()).toEqual([first])
    expect(await look()).toEqual([])
    const second = await ship('b')
    expect(await look()).toEqual([second])
  })

  it('tells of streams that begin later, also where their names sort before those that were seen', async () => {
    const { sink, ship } = await archive()
    const look = watchArchive(sink, 'lelu', own, believing(everything))
    const [late, early] = [await shipsTo(sink, 'z'), await shipsTo(sink, 'a')]
    const seen = [await ship('1'), await late('1')]
    expect(await look()).toEqual(seen)
    const other = await early('1')
    expect(await look()).toEqual([other])
    const future = `7${'z'.repeat(25)}`
    await sink.put(streamKey('lelu', future), Buffer.from('{}'), 'application/json')
    expect(await look()).toEqual([])
    const grown = await (await shipsTo(sink))('1')
    expect(await look()).toEqual([grown])
  })

  it('says nothing of the own stream, and nothing that this log has not signed', async () => {
    const { sink, ship } = await archive()
    const { stream, size = 0 } = await ship('a')
    expect(await watchArchive(sink, 'lelu', stream, believing(everything))()).toEqual([])
    const forged = `lelu/${stream}\n${size + 5}\n${'A'.repeat(43)}=\n\n— x y\n`
    await sink.put(checkpointKey('lelu', stream, size + 5), Buffer.from(forged), 'text/plain')
    expect(await watchArchive(sink, 'lelu', own, believing(new Set([size])))()).toEqual([])
  })

  it('holds nobody up while it does not answer, and is asked once meanwhile', async () => {
    let asked = 0
    const answer = Promise.withResolvers<{ stream: string; size: number; root: string }[]>()
    const look = inBackground(() => {
      asked += 1
      return answer.promise
    }, 0)
    expect([look(), look(), asked]).toEqual([[], [], 1])
    answer.resolve([{ stream: own, size: 1, root: 'r' }])
    await expect.poll(look).toEqual([{ stream: own, size: 1, root: 'r' }])
  })
})
