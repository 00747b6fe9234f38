import type { SealedPeer } from '../record/record.ts'
import { ulidTime } from '../record/ulid.ts'
import { checkpointsPrefix, parseArchiveKey, streamsPrefix } from '../sink/layout.ts'
import type { AuditSink } from '../sink/sink.ts'
import type { OwnCheckpoint } from './own-checkpoint.ts'

/** How many streams of other machines are looked at; earlier ones are named by the streams in between. */
const maxPeers = 16

/**
 * Looks at the newest checkpoints of other streams in the archive, where those of other machines are: each look answers
 * those that have grown since the one before. A look is a list for each stream, of what is new in it.
 */
export function watchArchive(
  sink: Pick<AuditSink, 'list' | 'get'>,
  log: string,
  own: string,
  check: OwnCheckpoint,
): () => Promise<SealedPeer[]> {
  const streams = new Map<string, string | undefined>()

  /** From the beginning each time: names sort by their machines first, so a new one may stand before those that are known. */
  async function lookForStreams(): Promise<void> {
    const names: string[] = []
    for await (const { key } of sink.list(streamsPrefix(log))) {
      const found = parseArchiveKey(key)
      if (found?.kind !== 'stream' || found.log !== log) continue
      if (found.stream !== own) names.push(found.stream)
    }
    const wanted = newestOf(names)
    for (const stream of streams.keys()) if (!wanted.has(stream)) streams.delete(stream)
    for (const stream of wanted) if (!streams.has(stream)) streams.set(stream, undefined)
  }

  return async () => {
    await lookForStreams()
    const grown: SealedPeer[] = []
    for (const [stream, seen] of streams) {
      let last = seen
      for await (const { key } of sink.list(checkpointsPrefix(log, stream), seen)) last = key
      if (last === undefined || last === seen) continue
      const text = (await sink.get(last))?.toString()
      const signed = text === undefined ? undefined : await check(stream, text)
      streams.set(stream, last)
      if (signed === undefined) continue
      grown.push({ stream, size: signed.size, root: signed.root.toString('base64') })
    }
    return grown
  }
}

/** Names of a later time, as a wrong clock gives them, take no places of those that began by now. */
function newestOf(names: readonly string[]): Set<string> {
  const age = (stream: string) => `${stream.slice(-26)}${stream}`
  const all = names.toSorted((a, b) => (age(a) < age(b) ? -1 : 1))
  const byNow = all.filter((stream) => ulidTime(stream.slice(-26)) <= Date.now())
  return new Set([...byNow.slice(-maxPeers), ...all.slice(-maxPeers)])
}

/** Takes looks in the background, at most one every `everyMs`: what an archive has not answered yet is told next time. */
export function inBackground(
  look: () => Promise<SealedPeer[]>,
  everyMs: number,
): () => SealedPeer[] {
  let found: SealedPeer[] = []
  let looking: Promise<void> | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (looking === undefined && performance.now() - lookedAt >= everyMs) {
      lookedAt = performance.now()
      looking = look()
        .then((peers) => void found.push(...peers))
        .catch(() => {}) // an archive that is away is the shipper's to tell
        .finally(() => {
          looking = undefined
        })
    }
    const told = found
    found = []
    return told
  }
}
