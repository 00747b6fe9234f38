import { listNames, listStreams, ownersFolder } from '../folder/folder.ts'
import { directorySink } from '../sink/directory-sink.ts'
import { archiveSource } from './archive-source.ts'
import { folderSource } from './folder-source.ts'
import { assertLogThere } from './read.ts'
import type { LogSource } from './source.ts'

/** A log folder, or an archive in a folder: told apart by what lies there. Throws `LELU_AUDIT_NOT_FOUND`. */
export async function openSource(directory: string): Promise<LogSource> {
  await assertLogThere(directory)
  const names = await listNames(directory)
  // Whoever puts an empty archive into a log folder must not hide the log.
  const written = names.includes(ownersFolder) || (await listStreams(directory)).length > 0
  return names.includes('v1') && !written
    ? archiveSource(directorySink({ directory }))
    : folderSource(directory)
}
