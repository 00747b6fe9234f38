import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { leftOutFolder, packFile } from '../evidence/pack-file.ts'
import { listNames, listStreams, ownersFolder } from '../folder/folder.ts'
import { readFlags } from '../folder/read-flags.ts'
import { directorySink } from '../sink/directory-sink.ts'
import { archiveSource } from './archive-source.ts'
import { folderSource } from './folder-source.ts'
import { archiveFolder, assertLogThere } from './log-there.ts'
import type { LogSource, StoredExcerpt } from './source.ts'

/**
 * A log folder, an archive in a folder, or a pack of evidence: told apart by what lies there. `log`: of an archive with
 * several logs, this one. Throws `LELU_AUDIT_NOT_FOUND`.
 */
export async function openSource(
  directory: string,
  { log }: { log?: string } = {},
): Promise<LogSource> {
  await assertLogThere(directory)
  const names = await listNames(directory)
  // Whoever puts an empty archive into a log folder must not hide the log.
  const written = names.includes(ownersFolder) || (await listStreams(directory)).length > 0
  if (!names.includes(archiveFolder) || written) return folderSource(directory)
  const sink = directorySink({ directory })
  if (!names.includes(packFile)) return archiveSource(sink, log === undefined ? {} : { log })
  return { ...archiveSource(sink), excerpt: () => readExcerpt(directory) }
}

async function readExcerpt(directory: string): Promise<StoredExcerpt> {
  async function* proofs() {
    for (const name of await listNames(join(directory, leftOutFolder))) {
      const stream = name.replace(/\.tlog-proof$/, '')
      yield {
        stream,
        text: await readFile(join(directory, leftOutFolder, name), {
          encoding: 'utf8',
          flag: readFlags,
        }),
      }
    }
  }
  return {
    text: await readFile(join(directory, packFile), { encoding: 'utf8', flag: readFlags }),
    proofs: proofs(),
    read: (path) =>
      readFile(join(directory, path), { flag: readFlags }).catch((error) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }),
    list: (folder) => listNames(join(directory, folder)),
  }
}
