import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LeluError } from '../errors.ts'
import { hasKeyRing } from './key-files.ts'

/**
 * Refuses a directory that holds approvals but no keys. New keys would take every row of it for altered, and the old ones,
 * once found again, would have no place to go. Throws `LELU_KEYS_INVALID` where this user cannot know.
 */
export function assertKeysNotLost(directory: string): void {
  const database = join(directory, 'approvals.db')
  const keys = join(directory, 'keys')
  if (!existsSync(database) || hasKeyRing(keys)) return
  throw new LeluError(
    'LELU_KEYS_NOT_FOUND',
    `${directory} holds approvals, but its keys are gone: ${join(keys, 'keyring.json')} is missing.`,
    {
      help: 'Restore keys/ from a backup. Without one, move approvals.db away: the calls that wait in it must be asked again.',
      details: { directory },
    },
  )
}
