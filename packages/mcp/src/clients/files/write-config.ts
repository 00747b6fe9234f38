import { randomBytes } from 'node:crypto'
import {
  type FileHandle,
  link,
  lstat,
  open,
  readFile,
  rename,
  stat,
  unlink,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeDirectory } from '@lelu/cli/terminal'
import { LeluMcpError } from '../../errors.ts'
import { withLock } from '../../files/with-lock.ts'
import { type ConfigFile, readConfig, unsupported } from './read-config.ts'

/** Where the file is kept as it was before its first change. Null: there was nothing to keep, or it is kept already. */
export type Written = { backup: string | null }

export type WriteOptions = {
  /** Default: as it was. */
  mode?: number
  /** Keep what is there now, also when an older backup is there. Default: false. */
  freshBackup?: boolean
}

/**
 * Puts new text in the place of what was read: whole or not at all, whatever happens in between. Keeps the mode, the
 * owner and symbolic links. Throws, and leaves the file as it is, when it may not be written or is another by now.
 */
export async function writeConfig(
  file: ConfigFile,
  text: string,
  { mode = file.mode, freshBackup = false }: WriteOptions = {},
): Promise<Written> {
  const folder = dirname(file.target)
  await makeDirectory(folder, file.shared ? 0o777 : 0o700)
  await assertWritable(file, folder)
  const next = Buffer.from(`${file.bom ? '\ufeff' : ''}${text}`)
  const backup = file.bytes === null ? null : await keep(file, freshBackup)
  const temporary = await writeTemporary(file, next, file.target, mode)
  try {
    await withLock(file.target, () => replace(file, temporary))
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolder(folder)
  return { backup }
}

async function replace(file: ConfigFile, temporary: string): Promise<void> {
  await assertUnchanged(file)
  if (file.bytes !== null) await rename(temporary, file.target)
  // Not `rename`, which would replace a file that came into being meanwhile.
  else if (!(await moveToFreeName(temporary, file.target))) throw changed(file.path)
}

/** A rename needs no right to write the file itself, so a file that is write-protected would be replaced. */
async function assertWritable(file: ConfigFile, folder: string): Promise<void> {
  const folderMode = (await stat(folder)).mode
  // The bits, not `access`: to root everything is writable.
  if (file.bytes !== null && (file.mode & 0o222) === 0) throw readOnly(file.path, 'the file')
  if ((folderMode & 0o222) === 0) throw readOnly(file.path, 'its folder')
  if (file.bytes === null) return
  if ((await lstat(file.target)).nlink > 1) {
    throw unsupported(file.path, 'has a second name (hard link), which a new file would not have')
  }
}

async function assertUnchanged(file: ConfigFile): Promise<void> {
  const now = await readConfig(file.path)
  const same =
    now.target === file.target &&
    (file.bytes === null
      ? now.bytes === null
      : now.bytes?.equals(file.bytes) === true && now.mode === file.mode)
  if (!same) throw changed(file.path)
}

/**
 * The backup of the first change stays: the second would replace what the person had by what we wrote. A fresh one gets
 * a number.
 */
async function keep(file: ConfigFile, fresh: boolean): Promise<string | null> {
  const bytes = file.bytes ?? Buffer.alloc(0)
  for (let number = 1; number <= mostBackups; number += 1) {
    const backup = `${file.target}.lelu-backup${number === 1 ? '' : `-${number}`}`
    const there = await readFile(backup).catch(() => null)
    if (there?.equals(bytes)) return fresh ? backup : null
    if (there !== null && !fresh) return null
    if (there !== null) continue
    const temporary = await writeTemporary(file, bytes, backup, file.mode)
    if (await moveToFreeName(temporary, backup)) return backup
    await unlink(temporary)
    if (!fresh) return null
  }
  throw unsupported(file.path, `has ${mostBackups} backups beside it already`)
}

const mostBackups = 99

/** False when the name is taken; `rename` would replace what is there. */
async function moveToFreeName(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    // A file system without links (exFAT, some network drives): a moment between looking and moving is left.
    if (await exists(to)) return false
    await rename(from, to)
    return true
  }
  await unlink(from)
  return true
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** A file beside `target` with the mode and owner of the original, on the disk when this answers. */
async function writeTemporary(
  file: ConfigFile,
  bytes: Buffer,
  target: string,
  mode: number,
): Promise<string> {
  const name = `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`
  const temporary = join(dirname(target), name)
  let handle: FileHandle | undefined
  try {
    handle = await open(temporary, 'wx', 0o600)
    await handle.writeFile(bytes)
    const kept = file.uid === -1 || (await takeOwner(handle, file))
    // What only its old group could do, another one shall not.
    const allowed = kept ? mode : mode & ~(~(mode << 3) & 0o070)
    // A new shared file gets what the umask leaves.
    await handle.chmod(file.bytes === null && file.shared ? 0o666 & ~process.umask() : allowed)
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
 * Gives the new file to the owner of the old one: under sudo it would become root's, and the client could not read it.
 * False where its group cannot be given by this user, who is not in it.
 */
async function takeOwner(handle: FileHandle, file: ConfigFile): Promise<boolean> {
  const made = await handle.stat()
  if (made.uid === file.uid && made.gid === file.gid) return true
  try {
    await handle.chown(file.uid, file.gid)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    if (made.uid !== file.uid) throw foreign(file.path)
    return false
  }
}

/** Without it a power cut may undo the rename. Not every file system can; the file is whole either way. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

function changed(path: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CONFIG_CHANGED',
    `${path} was changed by somebody else at the same time. It was not touched.`,
    { help: 'Run the command again.', details: { path } },
  )
}

function foreign(path: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CONFIG_READONLY',
    `${path} was not touched: it belongs to another user.`,
    {
      help: 'Make it yours (sudo chown "$USER" on the file) and run the command again, or add the entry by hand: --print shows it.',
      details: { path },
    },
  )
}

function readOnly(path: string, what: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CONFIG_READONLY',
    `${path} was not touched: ${what} is read-only.`,
    {
      help: 'Make it writable (chmod u+w) and run the command again, or add the entry by hand: --print shows it.',
      details: { path },
    },
  )
}
