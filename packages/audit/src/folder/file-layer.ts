import { writeSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeDurably } from './write-durably.ts'

/** The few things the log does to a disk, so that tests can make each of them fail or hang. */
export interface FileLayer {
  /** Makes a folder and those above it, and answers the first that it made. */
  makeFolder(path: string): Promise<string | undefined>
  /** Creates a file that must not exist, for its owner only. */
  create(path: string): Promise<LogFile>
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>
  /**
   * Puts a small file in the place of whatever has its name, durably: nobody ever reads half of it. Two writers of one
   * name need a `draft` each, or one publishes what the other has only begun to write.
   */
  replace(path: string, bytes: Buffer, draft?: string): Promise<void>
  /** Gives a file another name in its folder, durably. */
  rename(from: string, to: string): Promise<void>
}

export interface LogFile {
  /** Appends all of it, into the page cache: at once, where no promise is answered. */
  append(bytes: Buffer): Promise<void> | undefined
  /** fdatasync. */
  sync(): Promise<void>
  close(): Promise<void>
}

export const diskFiles: FileLayer = {
  makeFolder: (path) => mkdir(path, { recursive: true, mode: 0o700 }),
  async create(path) {
    const file = await open(path, 'ax', 0o600)
    return {
      append: (bytes) => writeAll(file.fd, bytes),
      sync: () => file.datasync(),
      close: () => file.close(),
    }
  },
  async syncFolder(path) {
    // It syncs no folders.
    if (process.platform === 'win32') return
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
  async replace(path, bytes, draft = `${path}.tmp`) {
    try {
      // What stands there is of a writer that died, or a link that leads out of the folder.
      await rm(draft, { force: true })
      await writeDurably(draft, bytes)
      await diskFiles.rename(draft, path)
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {})
      throw error
    }
  },
  async rename(from, to) {
    await rename(from, to)
    await diskFiles.syncFolder(dirname(to))
  },
}

/** A folder whose name, and those of the folders above it that had to be made, no power cut takes. */
export async function makeDurably(files: FileLayer, folder: string): Promise<void> {
  const first = await files.makeFolder(folder)
  if (first === undefined) return
  for (let made = folder; ; made = dirname(made)) {
    await files.syncFolder(dirname(made))
    if (made === first || made === dirname(made)) return
  }
}

/**
 * Into the page cache, which takes microseconds and spares the hop to another thread; what waits for the disk is the
 * sync. A disk that is nearly full takes a part first and gives the error on the next write.
 */
function writeAll(file: number, bytes: Buffer): undefined {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
}
