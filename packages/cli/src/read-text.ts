import { createReadStream } from 'node:fs'
import { CliError } from './fail.ts'
import type { Io } from './io.ts'

/** More than any request may have; stops a wrong file or an endless pipe. Bytes. */
export const mostBytes: number = 64 * 1024 * 1024

/** Reads a stream to its end. Throws `LELU_INPUT_TOO_LARGE` as soon as it has given more than `limit` bytes. */
export async function readBounded(
  stream: AsyncIterable<Buffer | string>,
  limit: number,
  name: string,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > limit) {
      throw new CliError('LELU_INPUT_TOO_LARGE', `${name} is larger than ${limit} bytes.`, {
        help: 'Pass a reference (a path, a URL, a hash) in place of the content.',
        details: { maxBytes: limit },
      })
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** The bytes of a file, or of standard input for `-`. */
export async function readInput(io: Io, file: string, limit: number = mostBytes): Promise<Buffer> {
  if (file === '-') return io.readStdin(limit)
  return readNamed(file, limit)
}

/** The bytes of a file that somebody named. Node does not say which one it was, where it is a folder. */
export async function readNamed(file: string, limit: number = mostBytes): Promise<Buffer> {
  try {
    return await readBounded(createReadStream(file), limit, file)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw Object.assign(error as NodeJS.ErrnoException, { path: file })
  }
}
