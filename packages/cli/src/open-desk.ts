import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { ReviewDesk, ReviewDeskOptions } from '@lelu/engine'
import { archiveFromEnvironment } from './archive.ts'
import { CliError } from './fail.ts'
import type { Io } from './io.ts'

/**
 * Refuses a directory that holds approvals but no keys. An engine would make new keys there, under which every stored
 * approval counts as altered, and the old keys, once found again, would have no place to go.
 */
export function assertKeysNotLost(directory: string): void {
  const keys = join(directory, 'keys', 'keyring.json')
  if (isGone(join(directory, 'approvals.db')) || !isGone(keys)) return
  throw new CliError(
    'LELU_KEYS_NOT_FOUND',
    `${directory} holds approvals, but its keys are gone: ${keys} is missing.`,
    {
      help: 'Restore keys/ from a backup. Without one, move approvals.db away: the calls that wait in it must be asked again.',
      details: { directory },
    },
  )
}

/** False for what this user may not see: it is there, perhaps, and the engine says that it cannot be read. */
function isGone(path: string): boolean {
  try {
    statSync(path)
    return false
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

/** Opens the desk of an existing directory, uses it, and closes it whatever happens. */
export async function withDesk<T>(
  { env, ...options }: ReviewDeskOptions & { directory: string; env?: Io['env'] },
  use: (desk: ReviewDesk) => Promise<T>,
): Promise<T> {
  assertKeysNotLost(options.directory)
  const { openReviewDesk } = await import('@lelu/engine')
  const desk = await openReviewDesk({ ...options, ...(await archiveFromEnvironment(env)) })
  try {
    return await use(desk)
  } finally {
    await desk.close()
  }
}
