import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFiles } from './file-layer.ts'
import { quarantineFolder } from './folder.ts'
import { changeFlags } from './read-flags.ts'

export type Cut = { bytes: number; sha256: string; name: string }

/** Nothing says how much lies behind the last record: a file that was grown by gigabytes does not fit into memory. */
const pieceBytes = 1 << 20

/** Moves what lies behind `offset` of a segment into quarantine, durably, before it is cut. */
export async function cutTail(
  directory: string,
  stream: string,
  { file, offset }: { file: string; offset: number },
): Promise<Cut | undefined> {
  const handle = await open(join(directory, stream, file), changeFlags)
  try {
    const { size } = await handle.stat()
    // A record that was written but never acknowledged stays; from here on it is certain to be there.
    if (size <= offset) {
      await handle.datasync()
      return undefined
    }
    const cut = await keep(directory, `${stream}-${file.replace('.jsonl', '')}-${offset}`, {
      ...{ handle, offset, size },
    })
    await handle.truncate(offset)
    await handle.sync()
    return cut
  } finally {
    await handle.close()
  }
}

type Tail = { handle: FileHandle; offset: number; size: number }

/** Under its own name only when it is whole: a crash between the copy and the cut leaves one that is made again. */
async function keep(directory: string, place: string, tail: Tail): Promise<Cut> {
  const folder = join(directory, quarantineFolder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = join(folder, `${place}.tmp`)
  const digest = await copy(tail, draft)
  const name = `${quarantineFolder}/${place}-${digest.toString('hex').slice(0, 8)}.cut`
  await diskFiles.rename(draft, join(directory, name))
  await diskFiles.syncFolder(directory)
  return { bytes: tail.size - tail.offset, sha256: digest.toString('base64'), name }
}

/** Answers the SHA-256 of what was copied. */
async function copy({ handle, offset, size }: Tail, path: string): Promise<Buffer> {
  await rm(path, { force: true })
  const target = await open(path, 'wx', 0o600)
  try {
    const digest = createHash('sha256')
    const piece = Buffer.alloc(Math.min(pieceBytes, size - offset))
    for (let at = offset; at < size; ) {
      const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, size - at), at)
      if (bytesRead === 0) throw new Error('the segment became shorter while it was read')
      const bytes = piece.subarray(0, bytesRead)
      digest.update(bytes)
      await target.writeFile(bytes)
      at += bytesRead
    }
    await target.sync()
    return digest.digest()
  } finally {
    await target.close()
  }
}
