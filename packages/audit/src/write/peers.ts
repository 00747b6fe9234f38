import { join } from 'node:path'
import { checkpointFile, listStreams, readHead } from '../folder/folder.ts'
import { listOwned } from '../folder/ownership.ts'
import type { AuditPeer, SealedPeer } from '../record/record.ts'
import type { OwnCheckpoint } from './own-checkpoint.ts'
import { readCheckpoint } from './sealer.ts'

/** How many closed streams a new one names the heads of; earlier ones are named by the streams in between. */
const maxPeers = 16
const maxOpenPeers = 64

type Neighbours = { streams: string[]; open: string[]; uncertain: ReadonlySet<string> }

/** The newest streams, and all that are being written. */
async function neighbours(directory: string): Promise<Neighbours> {
  const owned = await listOwned(directory)
  // The ends of dead processes' streams are written by recovery, once they are certain.
  const uncertain = new Set(owned.filter(({ state }) => state === 'dead').map((one) => one.stream))
  const open = owned.map((one) => one.stream).slice(-maxOpenPeers)
  const all = await listStreams(directory)
  const wanted = new Set([...all.slice(-maxPeers), ...open])
  return { streams: all.filter((stream) => wanted.has(stream)), open, uncertain }
}

/** Heads of the newest streams, and of all that are being written: whoever cuts or replaces one contradicts this. */
export async function findPeers(directory: string): Promise<AuditPeer[]> {
  const { streams, open, uncertain } = await neighbours(directory)
  const peers: AuditPeer[] = []
  for (const stream of streams) {
    if (uncertain.has(stream)) continue
    // Made durable first: what a peer remembers must not be lost with the power.
    // One that cannot be read is no reason to record nothing: verify will name it.
    const head = await readHead(join(directory, stream), open.includes(stream)).catch(
      () => undefined,
    )
    if (head !== undefined) peers.push({ stream, ...head })
  }
  return peers
}

/** Looks at the newest checkpoints of other streams: each look answers those that have grown since the one before. */
export function watchPeers(
  directory: string,
  own: string,
  check: OwnCheckpoint,
): () => Promise<SealedPeer[]> {
  const seen = new Map<string, number>()
  return async () => {
    const grown: SealedPeer[] = []
    for (const stream of (await neighbours(directory)).streams) {
      if (stream === own) continue
      // One that cannot be read must not make this log silent about the others.
      const path = join(directory, stream, checkpointFile)
      const text = await readCheckpoint(path).catch(() => undefined)
      // One that we did not sign would be a lie that this log tells about itself.
      const signed = text === undefined ? undefined : await check(stream, text)
      if (signed === undefined || signed.size <= (seen.get(stream) ?? 0)) continue
      seen.set(stream, signed.size)
      grown.push({ stream, size: signed.size, root: signed.root.toString('base64') })
    }
    return grown
  }
}
