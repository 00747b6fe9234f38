import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AuditError } from '../errors.ts'
import { diskFiles, makeDurably } from '../folder/file-layer.ts'
import { isLinkError, readFlags } from '../folder/read-flags.ts'
import { writeDurably } from '../folder/write-durably.ts'
import { newUlid } from '../record/ulid.ts'
import { sinkUnavailable, sinkUnsafe } from './errors.ts'
import { canaryPrefix } from './layout.ts'
import type { AuditSink, PutResult, SinkCheck, SinkFinding, SinkObject } from './sink.ts'

/** How an archive in a folder is opened. */
export type DirectorySinkOptions = {
  directory: string
  /** `required` refuses the folder, for no folder refuses its owner. Default `preferred`. */
  immutable?: 'required' | 'preferred'
  /** The wall clock, epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/**
 * A plain folder of the archive's layout, for development and for copies of a bucket. It never overwrites; but whoever
 * may write in the folder may also delete from it.
 */
export function directorySink(options: DirectorySinkOptions): AuditSink {
  const { directory, immutable = 'preferred', now = Date.now } = options
  if (typeof directory !== 'string' || directory === '') {
    throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', 'The sink has no `directory`.', {
      help: 'Pass the folder of the archive, such as .lelu/archive.',
    })
  }
  const root = resolve(directory)
  const name = pathToFileURL(root).href
  const pathOf = (key: string) => join(root, checkedKey(key))

  async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw sinkUnavailable(name, what, error)
    }
  }

  async function write(key: string, bytes: Buffer): Promise<PutResult> {
    const path = pathOf(key)
    await makeDurably(diskFiles, dirname(path))
    const partial = join(root, partialFolder, randomUUID())
    await makeDurably(diskFiles, dirname(partial))
    try {
      // Read-only from the start: a slip of the owner's hand shall not change it.
      await writeDurably(partial, bytes, 0o444)
      // A link appears whole or not at all, and never takes the place of another file.
      const placed = await link(partial, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      )
      // Also when it was there: whoever put it may have died before its name was durable.
      await diskFiles.syncFolder(dirname(path))
      if (placed) return 'stored'
      return (await readFile(path, { flag: readFlags })).equals(bytes) ? 'same' : 'different'
    } catch (error) {
      if (isLinkError(error)) return 'different'
      throw error
    } finally {
      await unlink(partial).catch(() => {})
    }
  }

  async function check(): Promise<SinkCheck> {
    const checked = new Date(now()).toISOString()
    const key = `${canaryPrefix}${newUlid(now())}`
    const findings: SinkFinding[] = [await tryWriting(key)]
    findings.push({
      check: 'deletion is refused',
      ok: false,
      detail: 'a folder refuses nothing to who may write in it',
    })
    const result: SinkCheck = {
      sink: name,
      immutable: false,
      mode: null,
      days: null,
      checked,
      findings,
    }
    if (immutable === 'required') throw sinkUnsafe(result)
    return result
  }

  async function tryWriting(key: string): Promise<SinkFinding> {
    const answers = await guarded('trying it', async () => {
      const all = [
        await write(key, Buffer.from('a')),
        await write(key, Buffer.from('a')),
        await write(key, Buffer.from('b')),
      ]
      await unlink(pathOf(key))
      return all.join(', ')
    })
    return { check: 'never overwrites', ok: answers === 'stored, same, different', detail: answers }
  }

  return {
    name,
    check,
    put: (key, bytes) => guarded(`writing ${key}`, () => write(key, bytes)),
    get: (key) =>
      guarded(`reading ${key}`, () =>
        readFile(pathOf(key), { flag: readFlags }).catch(ifMissing(undefined)),
      ),
    list: (prefix, after = '') =>
      list(root, prefix, after, (work) => guarded(`listing ${prefix}`, work)),
    retention: (key) =>
      guarded(`reading ${key}`, async () => {
        const found = await stat(pathOf(key)).catch(ifMissing(undefined))
        return found && { mode: null, until: null, legalHold: false }
      }),
    close: async () => {},
  }
}

/** Not yet part of the archive: files that are being written, or whose writer died. */
export const partialFolder = '.partial'

/** No key leads out of the folder, or to a file that is being written. */
function checkedKey(key: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(key)) {
    throw new RangeError(`No key of an archive: ${key}`)
  }
  return key
}

function ifMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return value
    throw error
  }
}

type Guard = <T>(work: () => Promise<T>) => Promise<T>

async function* list(
  root: string,
  prefix: string,
  after: string,
  guard: Guard,
): AsyncGenerator<SinkObject> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  if (folder !== '') checkedKey(folder.slice(0, -1))
  for await (const key of walk(root, folder, guard)) {
    if (!key.startsWith(prefix) || key <= after) continue
    const found = await guard(() => stat(join(root, key)).catch(ifMissing(undefined)))
    if (found?.isFile() !== true) continue
    yield { key, size: found.size, versions: 1, hidden: false, modified: found.mtime.toISOString() }
  }
}

async function* walk(root: string, folder: string, guard: Guard): AsyncGenerator<string> {
  const entries = await guard(() =>
    readdir(join(root, folder), { withFileTypes: true }).catch(ifMissing([])),
  )
  // As the whole keys sort: `a-b` stands before what is in the folder `a`.
  const names = entries
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort((a, b) => (a < b ? -1 : 1))
  for (const name of names) {
    if (name.endsWith('/')) yield* walk(root, `${folder}${name}`, guard)
    else yield `${folder}${name}`
  }
}
