import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileLayer, makeDurably } from './file-layer.ts'
import { listNames, ownersFolder, streamPattern } from './folder.ts'
import { type OwnerState, parseOwner, stateOf, thisProcess } from './owner.ts'
import { readFlags } from './read-flags.ts'

// owners/<stream>.json             the stream is being written, or its process died without closing it
// owners/<stream>.<claimer>.json   the process of stream <claimer> is recovering it
// A stream with neither ended in order: with a close record, or with a recovery record in another stream.

export type Owned = { stream: string; claimer: string | null; file: string; state: OwnerState }

/** Says durably that this process writes the stream, before anything of the stream exists. */
export async function own(files: FileLayer, directory: string, stream: string): Promise<void> {
  const folder = join(directory, ownersFolder)
  await makeDurably(files, folder)
  const name = join(folder, `${stream}.json`)
  await files.replace(name, Buffer.from(JSON.stringify(thisProcess())))
}

/** Streams that were not closed, with what is known of their processes. */
export async function listOwned(directory: string): Promise<Owned[]> {
  const folder = join(directory, ownersFolder)
  const owned: Owned[] = []
  for (const file of await listNames(folder)) {
    const [stream = '', claimer, ...rest] = file.replace(/\.json$/, '').split('.')
    if (!file.endsWith('.json') || rest.length > 0 || !streamPattern.test(stream)) continue
    const text = await readFile(join(folder, file), { encoding: 'utf8', flag: readFlags }).catch(
      () => undefined,
    )
    if (text === undefined) continue // closed or claimed just now
    owned.push({ stream, claimer: claimer ?? null, file, state: stateOf(parseOwner(text)) })
  }
  return owned
}

/**
 * The streams that were not closed. One that was listed before this is asked, and is not among them, has ended: its note
 * comes before it, and goes when it has its end.
 */
export async function ownedStreams(directory: string): Promise<Set<string>> {
  const notes = await listNames(join(directory, ownersFolder))
  return new Set(notes.map((note) => note.split('.')[0] as string))
}

/**
 * Takes a dead process's stream for recovery. A rename succeeds for one process only, so two that begin at once never
 * both cut. A claim whose claimer is dead (or gone) can be taken over in the same way.
 */
export async function claim(
  directory: string,
  { file, stream }: Pick<Owned, 'file' | 'stream'>,
  claimer: string,
): Promise<string | undefined> {
  const folder = join(directory, ownersFolder)
  const claimed = join(folder, `${stream}.${claimer}.json`)
  try {
    await rename(join(folder, file), claimed)
    return claimed
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Undoes a claim: the stream could not be recovered, and stays for verify and for the next process. */
export async function unclaim(directory: string, stream: string, claimed: string): Promise<void> {
  await rename(claimed, join(directory, ownersFolder, `${stream}.json`))
}

/** The note that says who writes a stream. */
export const noteOf = (directory: string, stream: string): string =>
  join(directory, ownersFolder, `${stream}.json`)

/** The stream has ended in order. */
export async function disown(directory: string, stream: string): Promise<void> {
  await rm(join(directory, ownersFolder, `${stream}.json`), { force: true })
}
