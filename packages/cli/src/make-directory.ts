import { mkdir, rmdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it, one by one, and answers the new ones, innermost first. Not by the `recursive` of
 * Node, which tries for ever where a folder can never be made (below /proc, nodejs/node: MKDirp on ENOENT).
 */
export async function makeDirectory(path: string): Promise<string[]> {
  const folder = resolve(path)
  const mode = 0o700 // inputs of tools will be in it
  try {
    await mkdir(folder, { mode })
    return [folder]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return []
    if (code !== 'ENOENT') throw error
    const above = await makeDirectory(dirname(folder))
    if (above.length === 0) throw error // it has a parent and cannot be made all the same
    await mkdir(folder, { mode })
    return [folder, ...above]
  }
}

/** Takes new folders away again, as long as nothing has come into them. */
export async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await rmdir(folder)
    } catch {
      return // something is in it, so it stays, and those above it too
    }
  }
}
