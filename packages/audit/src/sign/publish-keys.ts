import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileLayer, makeDurably } from '../folder/file-layer.ts'
import { keysFolder } from '../folder/folder.ts'
import type { SigningKeys } from './signing-keys.ts'

/**
 * Puts the public halves of the signing keys into the log, for those who verify it. They are a convenience, no trust:
 * whoever can write to the log can write keys of his own there.
 */
export function keyPublisher(
  files: FileLayer,
  directory: string,
): (keys: SigningKeys) => Promise<void> {
  const published = new Set<string>()
  return async (keys) => {
    for (const { name, text } of keys.publicFiles()) {
      if (published.has(name)) continue
      const path = join(directory, keysFolder, name)
      await makeDurably(files, join(directory, keysFolder))
      const there = await stat(path).catch(() => undefined)
      // All processes of the log publish the same key, and may do so at the same time.
      const draft = `${path}.${randomUUID()}.tmp`
      if (there === undefined) await files.replace(path, Buffer.from(text), draft)
      published.add(name)
    }
  }
}
