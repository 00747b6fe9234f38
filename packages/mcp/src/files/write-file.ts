import { randomBytes } from 'node:crypto'
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** What a file is given beside its content. `owner` null: whoever writes it. */
export type Bearing = { mode: number; owner: { uid: number; gid: number } | null }

/**
 * Writes a file beside `target`, on the disk when this answers with its path: a rename puts it in the place of the other,
 * whole or not at all. Throws `EPERM` where this user cannot give it to its owner, and leaves nothing then.
 */
export async function writeBeside(
  target: string,
  content: Buffer | string,
  { mode, owner }: Bearing,
): Promise<string> {
  const name = `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`
  const temporary = join(dirname(target), name)
  let handle: FileHandle | undefined
  try {
    handle = await open(temporary, 'wx', 0o600)
    await handle.writeFile(content)
    const kept = owner === null || (await takeOwner(handle, owner))
    // What only its old group could do, another one shall not.
    await handle.chmod(kept ? mode : mode & ~(~(mode << 3) & 0o070))
    await handle.sync()
    await handle.close()
    return temporary
  } catch (error) {
    await handle?.close().catch(() => {})
    await unlink(temporary).catch(() => {})
    throw error
  }
}

/**
 * Gives the new file to the owner of the old one: under sudo it would become root's, and its reader could not read it.
 * False where its group cannot be given by this user, who is not in it.
 */
async function takeOwner(handle: FileHandle, owner: { uid: number; gid: number }) {
  const made = await handle.stat()
  if (made.uid === owner.uid && made.gid === owner.gid) return true
  try {
    await handle.chown(owner.uid, owner.gid)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPERM' || made.uid !== owner.uid) throw error
    return false
  }
}

/** Without it a power cut may undo a rename. Not every file system can; a file is whole either way. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/**
 * Writes a file whole or not at all. An existing one keeps its mode, its owner where this user can give it, and a link to
 * it stays a link.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(unlessMissing(path))
  const there = await stat(target).catch(unlessMissing(undefined))
  const mayGive = process.getuid?.() === 0 || there?.uid === process.getuid?.()
  const temporary = await writeBeside(target, text, {
    mode: there === undefined ? 0o644 : there.mode & 0o777,
    owner: there !== undefined && mayGive ? there : null,
  })
  try {
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolder(dirname(target))
}

function unlessMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead
    throw error
  }
}
