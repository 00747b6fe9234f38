import { link, lstat, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDirectory } from '@lelu/cli/terminal'
import { LeluMcpError } from '../../errors.ts'
import { withLock } from '../../files/with-lock.ts'
import { syncFolder, writeBeside } from '../../files/write-file.ts'
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

/** A file beside `target` with the mode and owner of the original. A new one for everybody gets what the umask leaves. */
async function writeTemporary(
  { bytes: was, shared, uid, gid, path }: ConfigFile,
  bytes: Buffer,
  target: string,
  mode: number,
): Promise<string> {
  const isNew = was === null
  const given = isNew && shared ? 0o666 & ~process.umask() : mode
  const owner = isNew ? null : { uid, gid }
  return writeBeside(target, bytes, { mode: given, owner }).catch((error) => {
    throw error.syscall === 'fchown' && error.code === 'EPERM' ? foreign(path) : error
  })
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
