import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { LeluMcpError } from '../../errors.ts'

/** A configuration file as it was read. What `text` leaves out (byte order mark) is put back when it is written. */
export type ConfigFile = {
  /** As the client names it. */
  path: string
  /** Where the bytes are: symbolic links are followed, so that a link stays one. */
  target: string
  /** Null: there is no such file yet. */
  bytes: Buffer | null
  text: string
  bom: boolean
  /** Of a project, for everybody who works on it; else for its owner alone. Says what mode a new file gets. */
  shared: boolean
  mode: number
  uid: number
  gid: number
}

/** More than any of these files has; stops a wrong path. Bytes. */
const mostBytes = 16 * 1024 * 1024
const mostLinks = 40

/** Reads a file that may not be there yet. Throws for what cannot be edited without harm: not a file, not UTF-8. */
export async function readConfig(path: string, shared = false): Promise<ConfigFile> {
  const target = await followLinks(path)
  const handle = await openExisting(target)
  const common = { path, target, shared }
  if (handle === null) {
    return { ...common, bytes: null, text: '', bom: false, mode: 0o600, uid: -1, gid: -1 }
  }
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw unsupported(path, 'is not a file')
    if (stats.size > mostBytes) throw unsupported(path, `is larger than ${mostBytes} bytes`)
    const bytes = await handle.readFile()
    const { text, bom } = decode(path, bytes)
    const mode = stats.mode & 0o7777
    return { ...common, bytes, text, bom, mode, uid: stats.uid, gid: stats.gid }
  } finally {
    await handle.close()
  }
}

async function openExisting(target: string): Promise<FileHandle | null> {
  try {
    // Not blocking: a pipe in the place of the file would hold the command for ever.
    return await open(target, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Also of a link that points to nothing yet, where `realpath` would fail: the file is made where the link says. */
async function followLinks(path: string): Promise<string> {
  let at = resolve(path)
  for (let links = 0; links < mostLinks; links += 1) {
    let link: string
    try {
      if (!(await lstat(at)).isSymbolicLink()) return at
      link = await readlink(at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return at
      throw error
    }
    at = resolve(dirname(at), link)
  }
  throw unsupported(path, 'is a circle of symbolic links')
}

function decode(path: string, bytes: Buffer): { text: string; bom: boolean } {
  const bom = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))
  try {
    // Strict: other encodings would be written back as something else.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bom ? bytes.subarray(3) : bytes,
    )
    return { text, bom }
  } catch (cause) {
    throw unsupported(path, 'is not UTF-8', cause)
  }
}

export function unsupported(path: string, why: string, cause?: unknown): LeluMcpError {
  return new LeluMcpError('LELU_MCP_CONFIG_UNSUPPORTED', `${path} ${why}. It was not touched.`, {
    help: 'Add the entry by hand: `lelu-mcp add … --print` shows it.',
    details: { path },
    cause,
  })
}
