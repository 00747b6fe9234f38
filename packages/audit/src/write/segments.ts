import { join } from 'node:path'
import type { FileLayer, LogFile } from '../folder/file-layer.ts'
import { segmentName } from '../folder/folder.ts'

/** The files of one stream, one after the other. One operation at a time: the writer sees to that. */
export interface Segments {
  /** Whether there are bytes that a power cut could take. */
  readonly unsynced: boolean
  /** Into the page cache. `seq` names the segment, where a new one is begun. */
  append(bytes: Buffer, seq: number): Promise<void>
  /** fdatasync of what is not synced yet. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** A new segment is begun when one has `segmentBytes`. */
export function createSegments(files: FileLayer, folder: string, segmentBytes: number): Segments {
  let file: LogFile | undefined
  let written = 0
  let unsynced = false

  async function sync(): Promise<void> {
    if (!unsynced) return
    await file?.sync()
    unsynced = false
  }

  async function begin(seq: number): Promise<LogFile> {
    await sync()
    await file?.close()
    file = undefined
    file = await files.create(join(folder, segmentName(seq)))
    // Without this a power cut could leave the records on disk, but no name to find them by.
    await files.syncFolder(folder)
    written = 0
    return file
  }

  return {
    get unsynced() {
      return unsynced
    },
    async append(bytes, seq) {
      const current = file === undefined || written >= segmentBytes ? await begin(seq) : file
      unsynced = true
      await current.append(bytes)
      written += bytes.length
    },
    sync,
    async close() {
      await file?.close()
      file = undefined
    },
  }
}
