import { randomBytes } from 'node:crypto'
import * as disk from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AuditError } from '../errors.ts'
import { changeFlags, isLinkError } from '../folder/read-flags.ts'
import { newUlid, ulidPattern } from '../record/ulid.ts'
import { type OpeningsStore, subjectPattern } from './openings-store.ts'

/** What it does to a disk, so that tests can let a process die at each of these. */
export type OpeningsDisk = Pick<
  typeof disk,
  'link' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'rm'
>

const keyPattern = new RegExp(`^(${ulidPattern})\\.key$`)
const linesPattern = new RegExp(`^${ulidPattern}\\.jsonl$`)
const secretFile = 'secret'
const erasedFile = 'erased'

/**
 * Openings in a folder: `secret`, and for each subject `<ulid>.key`, `<ulid>.jsonl` and, once erased, `erased` with the
 * time. All for its owner only.
 */
export function folderOpenings(directory: string, files: OpeningsDisk = disk): OpeningsStore {
  const at = (subject: string, file: string) => join(directory, folderOf(subject), file)

  async function secret(make: boolean): Promise<Buffer | undefined> {
    const path = join(directory, secretFile)
    const found = await readIfThere(files, path)
    if (found !== undefined) {
      if (found.length === 32) return found
      throw invalid(`${path} is damaged`, 'Restore it from a backup.')
    }
    const names = await namesIn(files, directory)
    // With another secret every subject would be somebody new, and an erasure would find nothing to erase.
    if (names.some((name) => subjectPattern.test(name))) {
      throw invalid(`${path} is missing`, 'Restore it from a backup: without it nobody is found.')
    }
    if (!make) return undefined
    await files.mkdir(directory, { recursive: true, mode: 0o700 })
    const temporary = `${path}.${newUlid(Date.now())}`
    await writeDurably(files, temporary, randomBytes(32))
    // A link is never put over a file that is there: of two processes that begin at once one wins, for both.
    await files.link(temporary, path).catch(ignoring('EEXIST'))
    await files.rm(temporary, { force: true })
    await syncFolder(files, directory)
    return readIfThere(files, path)
  }

  return {
    name: directory,
    secret,
    async addKey(subject, name, key) {
      const path = at(subject, `${name}.key`)
      await files.mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeDurably(files, path, key)
      await syncFolder(files, directory)
    },
    async keys(subject) {
      const keys = new Map<string, Buffer>()
      for (const file of await namesIn(files, join(directory, folderOf(subject)))) {
        const name = keyPattern.exec(file)?.[1]
        const key = name && (await readIfThere(files, at(subject, file)))
        if (name && key) keys.set(name, key)
      }
      return keys
    },
    async removeKeys(subject, only) {
      const folder = join(directory, folderOf(subject))
      const names = (await namesIn(files, folder)).filter((name) => keyPattern.test(name))
      const wanted = only === undefined ? names : names.filter((name) => name === `${only}.key`)
      for (const name of wanted) await destroy(files, join(folder, name))
      if (wanted.length > 0) await syncFolder(files, folder)
      return wanted.length
    },
    async append(subject, name, lines) {
      const file = await files.open(at(subject, `${name}.jsonl`), 'a', 0o600)
      try {
        await file.appendFile(lines)
        await file.datasync()
      } finally {
        await file.close()
      }
    },
    async *lines(subject, name) {
      let file: disk.FileHandle
      try {
        file = await files.open(at(subject, `${name}.jsonl`), 'r')
      } catch (error) {
        return ignoring('ENOENT')(error)
      }
      try {
        yield* file.readLines()
      } finally {
        await file.close()
      }
    },
    async removeLines(subject) {
      const folder = join(directory, folderOf(subject))
      for (const name of await namesIn(files, folder)) {
        const isLeftOver = name.startsWith(`${erasedFile}.`)
        if (linesPattern.test(name) || isLeftOver)
          await files.rm(join(folder, name), { force: true })
      }
      await syncFolder(files, folder)
    },
    async erasedAt(subject) {
      const text = await readIfThere(files, at(subject, erasedFile))
      if (text === undefined) return undefined
      const time = Date.parse(text.toString())
      // Unreadable, it still says that the subject was erased; never that it was not.
      return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time
    },
    async markErased(subject, time) {
      const path = at(subject, erasedFile)
      await files.mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const temporary = `${path}.${newUlid(Date.now())}`
      await writeDurably(files, temporary, Buffer.from(new Date(time).toISOString()))
      await files.rename(temporary, path)
      await syncFolder(files, dirname(path))
      await syncFolder(files, directory)
    },
  }
}

function folderOf(subject: string): string {
  if (subjectPattern.test(subject)) return subject
  throw invalid('the name of a subject is none', 'Take `data_subject` of a record as it is.')
}

/** Overwritten first: on some file systems the blocks of a deleted file can be read for a long time. */
async function destroy(files: OpeningsDisk, path: string): Promise<void> {
  try {
    const file = await files.open(path, changeFlags)
    try {
      await file.write(Buffer.alloc(32), 0, 32, 0)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!isLinkError(error)) ignoring('ENOENT')(error)
  }
  await files.rm(path, { force: true })
}

async function writeDurably(files: OpeningsDisk, path: string, bytes: Buffer): Promise<void> {
  const file = await files.open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncFolder(files, dirname(path))
}

async function syncFolder(files: OpeningsDisk, folder: string): Promise<void> {
  const handle = await files.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function readIfThere(files: OpeningsDisk, path: string): Promise<Buffer | undefined> {
  try {
    return await files.readFile(path)
  } catch (error) {
    return ignoring('ENOENT')(error)
  }
}

async function namesIn(files: OpeningsDisk, folder: string): Promise<string[]> {
  try {
    return (await files.readdir(folder)).sort()
  } catch (error) {
    return ignoring('ENOENT')(error) ?? []
  }
}

function ignoring(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error
    return undefined
  }
}

function invalid(what: string, help: string): AuditError {
  const message = `The openings of recorded inputs cannot be used: ${what}.`
  return new AuditError('LELU_AUDIT_OPENINGS_INVALID', message, { help })
}
