import { join } from 'node:path'
import { checkpointFile, listStreams, readHead } from '../folder/folder.ts'
import { listOwned } from '../folder/ownership.ts'
import type { AuditPeer, SealedPeer } from '../record/record.ts'
import { ulidTime } from '../record/ulid.ts'
import type { OwnCheckpoint } from './own-checkpoint.ts'
import { readCheckpoint } from './sealer.ts'

/** How many closed streams a new one names the heads of; earlier ones are named by the streams in between. */
const maxPeers = 16
const maxOpenPeers = 64

type Neighbours<T> = { stream: string; seen: T }[]

/**
 * What is seen of the newest streams, and of all that are being written. Of which nothing is seen takes no place: else
 * whoever makes a few folders would have the streams vouch for each other no more. Nor do names of a later time take those
 * of streams that began by now, as they do when the clock was wrong for a while.
 */
async function neighbours<T>(
  directory: string,
  open: readonly string[],
  look: (stream: string) => Promise<T | undefined>,
): Promise<Neighbours<T>> {
  const all = await listStreams(directory)
  const now = Date.now()
  const byNow = all.filter((stream) => ulidTime(stream.slice(-26)) <= now)
  const looked = new Map<string, T | undefined>()

  async function lookAt(streams: readonly string[], most: number): Promise<void> {
    let found = 0
    for (const stream of streams.toReversed()) {
      if (found >= most) return
      if (!looked.has(stream)) looked.set(stream, await look(stream))
      if (looked.get(stream) !== undefined) found += 1
    }
  }

  for (const streams of [all, byNow]) await lookAt(streams, maxPeers)
  await lookAt(open, maxOpenPeers)
  return all.flatMap((stream) => {
    const seen = looked.get(stream)
    return seen === undefined ? [] : [{ stream, seen }]
  })
}

/** Heads of the newest streams, and of all that are being written: whoever cuts or replaces one contradicts this. */
export async function findPeers(directory: string): Promise<AuditPeer[]> {
  const owned = await listOwned(directory)
  // The ends of dead processes' streams are written by recovery, once they are certain.
  const uncertain = new Set(owned.filter(({ state }) => state === 'dead').map((one) => one.stream))
  const open = owned.map(({ stream }) => stream)
  const heads = await neighbours(directory, open, async (stream) => {
    if (uncertain.has(stream)) return undefined
    // Made durable first: what a peer remembers must not be lost with the power.
    // One that cannot be read is no reason to record nothing: verify will name it.
    return readHead(join(directory, stream), open.includes(stream)).catch(() => undefined)
  })
  return heads.map(({ stream, seen }) => ({ stream, ...seen }))
}

/** Looks at the newest checkpoints of other streams: each look answers those that have grown since the one before. */
export function watchPeers(
  directory: string,
  own: string,
  check: OwnCheckpoint,
): () => Promise<SealedPeer[]> {
  const known = new Map<string, number>()
  return async () => {
    const open = (await listOwned(directory)).map(({ stream }) => stream)
    const checkpoints = await neighbours(directory, open, async (stream) => {
      if (stream === own) return undefined
      // One that cannot be read must not make this log silent about the others.
      const path = join(directory, stream, checkpointFile)
      const text = await readCheckpoint(path).catch(() => undefined)
      // One that we did not sign would be a lie that this log tells about itself.
      return text === undefined ? undefined : await check(stream, text)
    })
    const grown: SealedPeer[] = []
    for (const { stream, seen } of checkpoints) {
      if (seen.size <= (known.get(stream) ?? 0)) continue
      known.set(stream, seen.size)
      grown.push({ stream, size: seen.size, root: seen.root.toString('base64') })
    }
    return grown
  }
}
