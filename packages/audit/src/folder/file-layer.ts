import { writeSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'

/** The few things the log does to a disk, so that tests can make each of them fail or hang. */
export interface FileLayer {
  makeFolder(path: string): Promise<void>
  /** Creates a file that must not exist, for its owner only. */
  create(path: string): Promise<LogFile>
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>
}

export interface LogFile {
  /** Appends all of it. */
  append(bytes: Buffer): Promise<void>
  /** fdatasync. */
  sync(): Promise<void>
  close(): Promise<void>
}

export const diskFiles: FileLayer = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  async create(path) {
    const file = await open(path, 'ax', 0o600)
    return {
      append: async (bytes) => writeAll(file.fd, bytes),
      sync: () => file.datasync(),
      close: () => file.close(),
    }
  },
  async syncFolder(path) {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}

/**
 * Into the page cache, which takes microseconds and spares the hop to another thread; what waits for the disk is the
 * sync. A disk that is nearly full takes a part first and gives the error on the next write.
 */
function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
}
