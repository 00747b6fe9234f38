import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PolicyIssue } from './types.ts'

/** What is kept: a compiled policy, or which calls it surely denies. */
export type Kind = 'policy' | 'denied'
/** JSON, and the bytes that belong to it. */
export type Entry<Head> = { head: Head; bytes: Uint8Array }

const magicOf = (kind: Kind): string => `lelu-${kind} 1 `
const hashLength = 64
const mostBytes = 256 * 1024 * 1024
/**
 * Entries that a folder holds of a kind. Each change of a policy's rules or data makes one of some 300 KB, and where it looks
 * at who asks, each caller has an answer of their own.
 */
const most: Readonly<Record<Kind, number>> = { policy: 100, denied: 1000 }
// No symbolic link to elsewhere, and no waiting on a named pipe. Windows has neither flag.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Reads the entry of a key, or undefined. An entry decides what agents may do, so it counts only when nobody
 * else could have written it (owner, mode, no symbolic link), its hash is right and it names this very key.
 * Its hash says nothing of who made it: one that came with a repository or an archive is known by its mode.
 */
export async function readCache<Head>(
  folder: string,
  kind: Kind,
  key: string,
): Promise<Entry<Head> | undefined> {
  try {
    const file = await open(entryPath(folder, kind, key), readFlags)
    try {
      const stat = await file.stat()
      if (!stat.isFile() || stat.size > mostBytes || !isOwn(stat)) return undefined
      return parseEntry<Head>(await file.readFile(), kind, key)
    } finally {
      await file.close()
    }
  } catch {
    return undefined // no entry, or one that cannot be read: it is compiled and written again
  }
}

/** Writes an entry so that a reader sees all of it or nothing. Gives a warning where the folder is unusable. */
export async function writeCache(
  folder: string,
  kind: Kind,
  key: string,
  entry: Entry<object>,
): Promise<PolicyIssue | undefined> {
  const target = entryPath(folder, kind, key)
  const temporary = `${target}.${process.pid}.${randomUUID()}.tmp`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(formatEntry(kind, key, entry))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
    await dropOldest(folder, kind).catch(() => undefined) // the next one tries again
    return undefined
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return {
      severity: 'warning',
      code: 'lelu_cache_unusable',
      message: `the compiled policy could not be kept in ${folder} (${reason}); it is compiled again next time`,
      file: '',
      line: 0,
      column: 0,
    }
  }
}

function entryPath(folder: string, kind: Kind, key: string): string {
  return join(folder, `${key.replace('sha256:', '')}.${kind}`)
}

/** A tenth more than there are too many, so that a full folder is not looked through for each entry. */
async function dropOldest(folder: string, kind: Kind): Promise<void> {
  const isEntry = new RegExp(`^[0-9a-f]{${hashLength}}\\.${kind}$`)
  const paths = (await readdir(folder))
    .filter((name) => isEntry.test(name))
    .map((name) => join(folder, name))
  if (paths.length <= most[kind]) return
  const aged = await Promise.all(
    paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })),
  )
  const old = aged.sort((a, b) => a.at - b.at).slice(0, paths.length - 0.9 * most[kind])
  await Promise.all(old.map(({ path }) => rm(path, { force: true })))
}

function isOwn(stat: { uid: number; mode: number }): boolean {
  if (process.getuid === undefined) return true // Windows: the folder's own permissions have to do
  return stat.uid === process.getuid() && (stat.mode & 0o077) === 0 // as it was written here
}

/** First line: magic and SHA-256 of all that follows; second line: JSON; then the bytes. */
function formatEntry(kind: Kind, key: string, { head, bytes }: Entry<object>): Buffer {
  const body = Buffer.concat([Buffer.from(`${JSON.stringify({ key, head })}\n`), bytes])
  return Buffer.concat([Buffer.from(`${magicOf(kind)}${sha256(body)}\n`), body])
}

function parseEntry<Head>(text: Buffer, kind: Kind, key: string): Entry<Head> | undefined {
  const start = magicOf(kind).length + hashLength + 1
  const first = text.subarray(0, start).toString('latin1')
  const body = text.subarray(start)
  if (first !== `${magicOf(kind)}${sha256(body)}\n`) return undefined
  const end = body.indexOf(10)
  const said = JSON.parse(body.subarray(0, end).toString('utf8')) as { key: string; head: Head }
  if (said.key !== key) return undefined
  return { head: said.head, bytes: new Uint8Array(body.subarray(end + 1)) }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
