import { open } from 'node:fs/promises'

/** Writes a new file, which is on the disk when this resolves. Fails where the name is taken, also by a link. */
export async function writeDurably(
  path: string,
  data: string | Buffer,
  mode = 0o600,
): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
}
