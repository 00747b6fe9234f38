import { writeFile } from 'node:fs/promises'

/** Writes a file of the pack. Whatever has its name already, a link too, was put there by somebody else: it throws. */
export function writeNew(path: string, content: string | Buffer): Promise<void> {
  return writeFile(path, content, { flag: 'wx' })
}
