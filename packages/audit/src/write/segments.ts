import { join } from 'node:path'
import type { FileLayer, LogFile } from '../folder/file-layer.ts'
import { segmentName } from '../folder/folder.ts'

/** The files of one stream, one after the other. One operation at a time: the writer sees to that. */
export interface Segments {
  /** Whether there are bytes that a power cut could take. */
  readonly unsynced: boolean
  /** Into the page cache: at once, where no promise is answered. `seq` names the segment, where a new one is begun. */
  append(bytes: Buffer, seq: number): Promise<void> | undefined
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

  function appendTo(current: LogFile, bytes: Buffer): Promise<void> | undefined {
    unsynced = true
    written += bytes.length
    return current.append(bytes)
  }

  return {
    get unsynced() {
      return unsynced
    },
    append(bytes, seq) {
      if (file !== undefined && written < segmentBytes) return appendTo(file, bytes)
      return begin(seq).then((begun) => appendTo(begun, bytes))
    },
    sync,
    async close() {
      await file?.close()
      file = undefined
    },
  }
}
