import { mkdir, readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LeluMcpError } from '../errors.ts'
import { withLock } from '../files/with-lock.ts'
import { replaceFile } from '../files/write-file.ts'
import { isObject } from '../is-object.ts'
import { type PinnedDefinition, readDefinition, sortedDefinition } from './definition.ts'

/** The pinned tools of each server. Maps, for servers and tools name themselves. */
export type Lock = Map<string, Map<string, PinnedDefinition>>

function invalid(path: string, why: string, cause?: unknown): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_LOCK_INVALID',
    `The lock file ${path} ${why}. No tool is served.`,
    {
      help: 'Restore it from version control. Where you trust what the servers say today, move it away: they are pinned anew.',
      ...(cause !== undefined && { cause }),
    },
  )
}

/**
 * The pins of a file; undefined when there is none. Throws `LELU_MCP_LOCK_INVALID` for one that does not parse, or
 * whose definitions are not those of their digests: who takes a broken lock for an empty one pins whatever he gets.
 */
export async function readLock(path: string): Promise<Lock | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw invalid(path, 'cannot be read', error)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(path, 'is not JSON', error)
  }
  if (!isObject(value) || value.version !== 1 || !isObject(value.servers)) {
    throw invalid(path, 'is not one that this version knows')
  }
  const servers = Object.entries(value.servers)
  return new Map(servers.map(([server, tools]) => [server, readServer(path, server, tools)]))
}

function readServer(path: string, server: string, value: unknown): Map<string, PinnedDefinition> {
  if (!isObject(value) || !isObject(value.tools)) throw invalid(path, `has no tools of ${server}`)
  const pins = Object.entries(value.tools).map(([tool, pin]): [string, PinnedDefinition] => {
    const place = `has a pin of ${server}/${tool} that`
    if (!isObject(pin)) throw invalid(path, `${place} is not an object`)
    const read = readDefinition(pin.definition)
    if (typeof read === 'string') throw invalid(path, `${place} cannot be read: ${read}`)
    const own = read.sha256 === pin.sha256 && read.definition.name === tool
    if (!own) throw invalid(path, `${place} was altered: its digest is another`)
    return [tool, read]
  })
  return new Map(pins)
}

const byName = <T>([a]: [string, T], [b]: [string, T]) => (a < b ? -1 : 1)

/** The same pins always as the same text: a change of the file is a change of a pin. */
export function lockText(lock: Lock): string {
  const servers = [...lock].sort(byName).map(([server, pins]) => {
    const tools = [...pins]
      .sort(byName)
      .map(([tool, pin]) => [tool, { ...pin, definition: sortedDefinition(pin.definition) }])
    return [server, { tools: Object.fromEntries(tools) }]
  })
  const file = { version: 1, servers: Object.fromEntries(servers) }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** Writes the pins in a stable order, whole or not at all; mode and owner of the file stay. */
export async function writeLock(path: string, lock: Lock): Promise<void> {
  await replaceFile(path, lockText(lock))
}

/**
 * Reads the pins and writes what `change` makes of them; undefined: they stay as they are. Other processes that change
 * pins wait meanwhile: of two that read the same file, the second would take the pins of the first away, and a server
 * without pins is trusted as it is.
 */
export async function changeLock(
  path: string,
  change: (lock: Lock) => Lock | undefined,
): Promise<void> {
  await changeAlone(path, change).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof LeluMcpError || error.syscall === undefined) throw error
    throw new LeluMcpError(
      'LELU_MCP_LOCK_READONLY',
      `The lock file ${path} cannot be written (${error.code}).`,
      { help: 'Make its folder writable, or name another file with `pin`.', cause: error },
    )
  })
}

async function changeAlone(path: string, change: (lock: Lock) => Lock | undefined): Promise<void> {
  // By its real name: it may be reached over a link, too.
  const target = await realpath(path).catch(() => path)
  await mkdir(dirname(target), { recursive: true })
  await withLock(target, async () => {
    const next = change((await readLock(path)) ?? new Map())
    if (next !== undefined) await writeLock(path, next)
  })
}
