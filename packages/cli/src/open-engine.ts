import type { Lelu, LeluOptions } from '@lelu/engine'
import { archiveFromEnvironment } from './archive.ts'
import type { Io } from './io.ts'
import { makeDirectory, removeEmpty } from './make-directory.ts'

/** Opens the engine of a directory, which is made if need be, uses it, and closes it whatever happens. */
export async function withEngine<T>(
  { env, ...options }: LeluOptions & { directory: string; env?: Io['env'] },
  use: (lelu: Lelu) => Promise<T>,
): Promise<T> {
  const { createLelu } = await import('@lelu/engine')
  const made = await makeDirectory(options.directory)
  let lelu: Lelu
  try {
    lelu = await createLelu({ ...options, ...(await archiveFromEnvironment(env)) })
  } catch (error) {
    await removeEmpty(made)
    throw error
  }
  try {
    return await use(lelu)
  } finally {
    await lelu.close()
  }
}
