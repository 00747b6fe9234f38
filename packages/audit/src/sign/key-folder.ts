import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditError } from '../errors.ts'
import { diskFiles } from '../folder/file-layer.ts'
import { writeDurably } from '../folder/write-durably.ts'
import { type KeyRing, parseKeyRing, unusable } from './key-ring.ts'

/** A file of the folder: each rotation adds one with the next number, and the highest one counts. */
export type Revision = { number: number; ring: KeyRing }

const fileOf = (folder: string, number: number) => join(folder, `signing-keys.${number}.json`)

/** Number of the newest file, 0 when there is none. One readdir: cheap enough for every checkpoint. */
export async function newestNumber(folder: string): Promise<number> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0
    throw unusable(`${folder} cannot be read`, error)
  }
  const numbers = names.map((name) =>
    Number(/^signing-keys\.([1-9][0-9]{0,8})\.json$/.exec(name)?.[1]),
  )
  return Math.max(0, ...numbers.filter((number) => !Number.isNaN(number)))
}

/** Undefined when the folder has no keys. Throws `LELU_AUDIT_KEYS_UNUSABLE`. */
export async function readNewest(folder: string, log: string): Promise<Revision | undefined> {
  // A rotation removes the file before its own: then there is a newer one.
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const number = await newestNumber(folder)
    if (number === 0) return undefined
    const text = await readSecret(fileOf(folder, number))
    if (text !== undefined) return { number, ring: parseKeyRing(text, log) }
  }
  throw unusable(`the files of ${folder} change without end`)
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file)
    // Like ssh: a private key that others can read is not private any more.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8)
      throw unusable(`${file} can be read by other users (mode ${octal}); run: chmod 600 ${file}`)
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error instanceof AuditError ? error : unusable(`${file} cannot be read`, error)
  }
}

/**
 * Writes a file that others cannot read, on disk when this resolves. False when a file with this number was there
 * first: of two processes that start or rotate together, one wins.
 */
export async function addRevision(folder: string, { number, ring }: Revision): Promise<boolean> {
  const temporary = join(folder, `.signing-keys.${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    await writeDurably(temporary, `${JSON.stringify(ring, null, 2)}\n`)
    try {
      // link() fails when the name is taken.
      await link(temporary, fileOf(folder, number))
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false
      throw error
    } finally {
      await rm(temporary, { force: true })
    }
    // Else a power cut could take the key whose signatures are out already.
    await diskFiles.syncFolder(folder)
  } catch (error) {
    throw unusable(`no key can be stored in ${folder}; is it writable?`, error)
  }
  // A number that an earlier rotation has freed: this one came too late.
  if ((await newestNumber(folder)) <= number) return true
  await rm(fileOf(folder, number), { force: true })
  return false
}

/** Removes the files before this one: they hold private keys that are in no more use, or in the newer file. */
export async function removeBefore(folder: string, number: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const found = /^signing-keys\.([1-9][0-9]*)\.json$/.exec(name)?.[1]
    if (found !== undefined && Number(found) < number) await rm(join(folder, name), { force: true })
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code
}
