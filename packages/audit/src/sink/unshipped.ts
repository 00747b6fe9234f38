import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { checkpointFile, listSegments, listStreams, readHead } from '../folder/folder.ts'
import { hold, type Lock } from '../folder/lock.ts'
import { ownedStreams } from '../folder/ownership.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { readCheckpoint } from '../write/sealer.ts'
import type { ShipOptions } from './ship-options.ts'
import { shipStream, type Target } from './ship-stream.ts'
import { isConflict, noteComplete, noteConflict, readShipped } from './shipped.ts'

/** Beside the streams: which process brings a stream into the archive. */
export const shippingFolder = 'shipping'

export type Unshipped = { stream: string; bytes: number }

/** Streams that have ended and are not whole in the archive, oldest first, with the bytes of their segments. */
export async function listUnshipped(directory: string, sink: string): Promise<Unshipped[]> {
  // In this order a stream that begins meanwhile is never taken for one that has ended: its note comes before it.
  const streams = await listStreams(directory)
  const owned = await ownedStreams(directory)
  const found: Unshipped[] = []
  for (const stream of streams) {
    if (owned.has(stream)) continue
    const { complete, conflict, bytes } = await readShipped(directory, stream, sink)
    if (complete || conflict) continue
    found.push({ stream, bytes: Math.max(0, (await bytesOf(directory, stream)) - bytes) })
  }
  return found
}

async function bytesOf(directory: string, stream: string): Promise<number> {
  let bytes = 0
  for (const { file } of (await listSegments(join(directory, stream))).segments) {
    bytes += (await stat(join(directory, stream, file))).size
  }
  return bytes
}

/** Makes this process the one that ships the stream; undefined while another is. */
export async function lockShipping(directory: string, stream: string): Promise<Lock | undefined> {
  await mkdir(join(directory, shippingFolder), { recursive: true, mode: 0o700 })
  return hold(join(directory, shippingFolder, `${stream}.json`))
}

/** Brings one of them there. False when another process has it, or the archive holds something else in its place. */
export async function shipEnded(options: ShipOptions): Promise<boolean> {
  const { directory, stream, sink } = options
  const held = await lockShipping(directory, stream)
  if (held === undefined) return false
  try {
    // A listing can miss the note of a stream that is being claimed: its end is not certain yet.
    if ((await ownedStreams(directory)).has(stream)) return false
    const shipped = await readShipped(directory, stream, sink.name)
    if (shipped.complete) return true // another process has just done it
    const target = await endOf(directory, stream)
    // Begun and never written to; or so damaged that its end is not known, which verify names.
    if (target === undefined) return true
    const onProgress = () => void held.renew().catch(() => {})
    await noteComplete(options, await shipStream({ ...options, onProgress }, target, shipped))
    return true
  } catch (error) {
    if (!isConflict(error)) throw error
    await noteConflict(options, sink.name, error)
    return false
  } finally {
    await held.release()
  }
}

/** All of it: records that no checkpoint covers must not be lost either. */
async function endOf(directory: string, stream: string): Promise<Target | undefined> {
  const head = await readHead(join(directory, stream))
  if (head === undefined) return undefined
  const text = await readCheckpoint(join(directory, stream, checkpointFile))
  const signed = text === undefined ? undefined : parseCheckpoint(text)
  const size = head.seq + 1
  const covers = text !== undefined && signed !== undefined && signed.size <= size
  return { size, checkpoint: covers ? { size: signed.size, text } : undefined }
}
