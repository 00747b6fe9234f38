import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { writeNew } from './write-new.ts'

/** `SHA256SUMS` of every file in a folder, for `sha256sum -c`. */
export async function writeSums(folder: string): Promise<void> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const lines: string[] = []
  for (const file of files) {
    const digest = createHash('sha256')
    for await (const chunk of createReadStream(file)) digest.update(chunk as Buffer)
    const name = relative(folder, file).replaceAll(sep, '/')
    lines.push(`${digest.digest('hex')}  ${name}\n`)
  }
  await writeNew(join(folder, 'SHA256SUMS'), lines.join(''))
}
