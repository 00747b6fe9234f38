import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { readFlags } from './read-flags.ts'

/** The SHA-256 of a file of any length. */
export async function fileDigest(path: string): Promise<Buffer> {
  const file = await open(path, readFlags)
  const digest = createHash('sha256')
  for await (const chunk of file.createReadStream()) digest.update(chunk as Buffer)
  return digest.digest()
}
