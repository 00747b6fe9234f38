import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkpointFile } from '../folder/folder.ts'
import { readFlags } from '../folder/read-flags.ts'

/**
 * How many records the newest checkpoint of a stream says it covers; undefined when it has none. Its signature is not
 * looked at here: `verifyLog` does that.
 */
export async function checkpointSize(
  directory: string,
  stream: string,
): Promise<number | undefined> {
  const path = join(directory, stream, checkpointFile)
  const text = await readFile(path, { encoding: 'utf8', flag: readFlags }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    },
  )
  // C2SP tlog-checkpoint: the origin, then the size, then the root.
  const size = /^[^\n]+\n(0|[1-9]\d{0,15})\n/.exec(text)?.[1]
  return size === undefined ? undefined : Number(size)
}
