import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { chmod, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { lock } from '@lelu/audit/lock'
import {
  importKeyRing,
  type KeyRing,
  type KeyRingData,
  keysError,
  newKeyRing,
  withNewKeys,
} from './key-ring.ts'

const fileName = 'keyring.json'

const elsewhere = 'Make the folder writable for this user, or pass another `directory`.'
const asTheEngine =
  'Run this as the user that the engine runs as. Do not open the keys to others: whoever reads them can forge approvals.'

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** A file that this user may not see is not a file that is gone or damaged: what helps is another. */
function unreadable(file: string, error: unknown): Error {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM')
    return keysError(`this user may not read ${file}`, error, asTheEngine)
  if (code === 'ENOTDIR')
    return keysError(`a part of ${file} is a file`, error, 'Pass another `directory`.')
  return keysError(`${file} cannot be read`, error)
}

async function readData(file: string): Promise<KeyRingData | undefined> {
  let text: string
  try {
    const { mode } = await stat(file)
    // Like ssh: a private key that others can read is not private any more.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw keysError(
        `${file} can be read by other users (mode ${(mode & 0o777).toString(8)}); run: chmod 600 ${file}`,
      )
    }
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw (error as Error).name === 'LeluError' ? error : unreadable(file, error)
  }
  try {
    return JSON.parse(text) as KeyRingData
  } catch {
    // Without the cause: a JSON error quotes the text, and the text is the key.
    throw keysError(`${file} is not JSON`)
  }
}

async function writeTemporary(directory: string, data: KeyRingData): Promise<string> {
  const temporary = join(directory, `.${fileName}.${randomBytes(6).toString('hex')}`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(data, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  return temporary
}

/** Else a power cut could take the keys with which a database elsewhere is sealed already. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Whether a folder holds a key ring, sound or not. Throws `LELU_KEYS_INVALID` where this user cannot know. */
export function hasKeyRing(directory: string): boolean {
  const file = join(directory, fileName)
  try {
    statSync(file)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw unreadable(file, error)
  }
}

/** Reads the key ring of a folder; the first process that finds none makes one (file mode 0600). */
export async function openKeyRing(directory: string, now: number): Promise<KeyRing> {
  const file = join(directory, fileName)
  const existing = await readData(file)
  if (existing !== undefined) return importKeyRing(existing)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await chmod(directory, 0o700)
    const temporary = await writeTemporary(directory, newKeyRing(now))
    // link() fails when the name is taken: of two processes that start together, one makes the keys.
    await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(temporary)
    await syncFolder(directory)
    await syncFolder(dirname(directory)).catch(() => {}) // not every user may read it
  } catch (error) {
    throw keysError(`${file} cannot be made`, error, elsewhere)
  }
  return importKeyRing(await readData(file))
}

/** The key ring of a folder as it is now. Never makes one: new keys would take every row for altered. */
export async function readKeyRing(directory: string): Promise<KeyRing> {
  return importKeyRing(await readData(join(directory, fileName)))
}

/** Holds the right to rotate. Of two that read the same ring and write their own, one would lose the keys of the other. */
async function alone<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const path = join(directory, `.${fileName}.lock`)
  const release = await lock(path).catch((error) => {
    throw keysError(`${path} cannot be made`, error, elsewhere)
  })
  if (release === undefined) {
    const help = `Try again. Where no process does, remove ${path}; the keys are whole.`
    throw keysError('another process rotates its keys right now', undefined, help)
  }
  try {
    return await work()
  } finally {
    await release()
  }
}

/**
 * Puts new keys in front of the key ring in `directory` (of an engine: `.lelu/keys`). Running engines take them at their
 * next start, or within half a minute. Throws `LELU_KEYS_INVALID` while another process does the same.
 */
export async function rotateKeys(directory: string, now: number = Date.now()): Promise<KeyRing> {
  const file = join(directory, fileName)
  if (!hasKeyRing(directory)) {
    const help =
      'Pass the folder of the keys, such as .lelu/keys. An engine makes them when it is opened.'
    throw keysError(`${file} does not exist`, undefined, help)
  }
  return alone(directory, async () => {
    const data = await readData(file)
    if (data === undefined) throw keysError(`${file} does not exist`)
    importKeyRing(data)
    try {
      await rename(await writeTemporary(directory, withNewKeys(data, now)), file)
      await syncFolder(directory)
    } catch (error) {
      throw keysError(`${file} cannot be replaced`, error, elsewhere)
    }
    return importKeyRing(await readData(file))
  })
}
