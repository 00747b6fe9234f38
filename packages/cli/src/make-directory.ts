import { mkdir, rmdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** What is in it may be anybody's input: for this user alone. */
const privateMode = 0o700

/**
 * Makes a folder and those above it, one by one, and answers the new ones, innermost first. Not by the `recursive` of
 * Node, which tries for ever where a folder can never be made (below /proc, nodejs/node: MKDirp on ENOENT).
 */
export async function makeDirectory(path: string, mode: number = privateMode): Promise<string[]> {
  const folder = resolve(path)
  try {
    return (await makeOne(folder, mode)) ? [folder] : []
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const above = await makeDirectory(dirname(folder), mode)
    return (await makeOne(folder, mode)) ? [folder, ...above] : above
  }
}

/** False when the folder was there already, or another process was faster. */
async function makeOne(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return false
    throw error
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
