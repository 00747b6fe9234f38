import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileDigest } from '../folder/file-digest.ts'
import { writeNew } from './write-new.ts'

/** `SHA256SUMS` of every file in a folder, for `sha256sum -c`. */
export async function writeSums(folder: string): Promise<void> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const lines: string[] = []
  for (const file of files) {
    const digest = await fileDigest(file)
    const name = relative(folder, file).replaceAll(sep, '/')
    lines.push(`${digest.toString('hex')}  ${name}\n`)
  }
  await writeNew(join(folder, 'SHA256SUMS'), lines.join(''))
}
