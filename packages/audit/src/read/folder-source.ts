import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  checkpointFile,
  keysFolder,
  listNames,
  listSegments,
  listStreams,
  ownersFolder,
  quarantineFolder,
} from '../folder/folder.ts'
import { listOwned } from '../folder/ownership.ts'
import { readFlags } from '../folder/read-flags.ts'
import { reserveFile } from '../folder/reserve.ts'
import { shippingFolder } from '../sink/unshipped.ts'
import type { LogSource, StoredKey } from './source.ts'

const chunkBytes = 1 << 18
/** Behind what a file had when it was opened: enough to find its end, or what was appended meanwhile. */
const endBytes = 1 << 12

/** The folder that a log is written to. */
export function folderSource(directory: string): LogSource {
  return {
    kind: 'folder',
    name: directory,
    async streams() {
      return (await listStreams(directory)).map((stream) => ({ log: undefined, stream }))
    },
    async segments({ stream }) {
      const { segments, others } = await listSegments(join(directory, stream))
      return {
        segments: segments.map(({ file, firstSeq }) => ({ file, firstSeq, stored: undefined })),
        others,
      }
    },
    async *read({ stream }, { file }, { offset = 0, into } = {}) {
      const handle = await open(join(directory, stream, file), readFlags)
      let size = 0
      let turn = 0
      async function fill(at: number): Promise<Buffer> {
        turn += 1
        // Most streams of most logs are short: whole chunks for each of them would keep the garbage collector busy.
        const room = Math.min(chunkBytes, Math.max(endBytes, size - at))
        const target = into?.[turn % 2] ?? Buffer.allocUnsafeSlow(room)
        const { bytesRead } = await handle.read(target, 0, target.length, at)
        return target.subarray(0, bytesRead)
      }
      let next: Promise<Buffer> | undefined
      try {
        size = (await handle.stat()).size
        next = fill(offset)
        for (let at = offset; ; ) {
          const bytes = await next
          if (bytes.length === 0) return
          at += bytes.length
          next = fill(at)
          next.catch(() => {}) // thrown when it is its turn
          yield bytes
        }
      } finally {
        await next?.catch(() => {})
        await handle.close()
      }
    },
    async *checkpoints({ stream }) {
      const text = await readIfThere(join(directory, stream, checkpointFile))
      if (text !== undefined) yield { file: checkpointFile, size: undefined, text }
    },
    async keys() {
      const keys: StoredKey[] = []
      for (const name of await listNames(join(directory, keysFolder))) {
        const text = await readIfThere(join(directory, keysFolder, name))
        if (text !== undefined) keys.push({ log: undefined, file: `${keysFolder}/${name}`, text })
      }
      return keys
    },
    announcements: async () => [],
    async owners() {
      return new Map((await listOwned(directory)).map(({ stream, state }) => [stream, state]))
    },
    anomalies: async () => [],
    retentions: () => undefined,
  }
}

/** What a log folder holds that is no part of a log. */
export async function foreignNames(directory: string): Promise<string[]> {
  const streams = await listStreams(directory)
  const own = [ownersFolder, quarantineFolder, keysFolder, shippingFolder, reserveFile]
  const known = new Set([...streams, ...own])
  const names = (await listNames(directory)).filter((name) => !known.has(name))
  const later = new Set(await listStreams(directory))
  return names.filter((name) => !later.has(name))
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, { encoding: 'utf8', flag: readFlags })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
