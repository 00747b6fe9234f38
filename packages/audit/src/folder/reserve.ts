import { randomFillSync } from 'node:crypto'
import { rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileLayer } from './file-layer.ts'

/** Room that is kept so that a log can say that its disk is full. */
export const reserveFile = 'reserve'
export const reserveBytes: number = 16 * 1024 * 1024
const pieceBytes = 1024 * 1024

/** Takes the room, unless it is taken. Random bytes: a file system that compresses would keep no room for zeros. */
export async function makeReserve(files: FileLayer, directory: string): Promise<void> {
  const path = join(directory, reserveFile)
  if (await isThere(path)) return
  const draft = `${path}.tmp`
  await rm(draft, { force: true })
  try {
    const file = await files.create(draft)
    try {
      const piece = randomFillSync(Buffer.allocUnsafe(pieceBytes))
      for (let done = 0; done < reserveBytes; done += pieceBytes) {
        await file.append(piece)
        // The disk is needed for records: a little at a time.
        await new Promise((resolve) => setImmediate(resolve))
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await files.rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
}

/** Gives the room back to the disk. False when there was none. */
export async function releaseReserve(directory: string): Promise<boolean> {
  try {
    await rm(join(directory, reserveFile))
    return true
  } catch {
    return false
  }
}

/** Bytes that this user can still write. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
