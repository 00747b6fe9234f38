import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Compiled policies, which are there before anything else is. */
const before: readonly string[] = ['cache']

/**
 * Has git, and whatever packs a project by the same files, leave out a folder that an engine begins: it holds private keys
 * and the inputs of tools. Against a first `git add .` in a project that nobody ran `lelu init` in. A folder that held
 * something else is somebody's, and stays as visible as it was.
 */
export async function hideFromGit(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const names = await readdir(directory)
    if (names.some((name) => !before.includes(name))) return
    await writeFile(join(directory, '.gitignore'), '*\n', { flag: 'wx' })
  } catch {
    // Another process was first, or nothing can be written here: then the keys and the log say why.
  }
}
