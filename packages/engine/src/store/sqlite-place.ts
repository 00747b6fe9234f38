import { realpathSync, statSync } from 'node:fs'
import { LeluError } from '../errors.ts'

/** Throws unless the file is still where it was opened. */
export type AssertInPlace = () => void

/**
 * SQLite goes on with a file that was deleted or moved away, in WAL mode without a word. Whoever opens one at that path
 * afterwards has another: a stop or a revocation that is set there would not hold here. So it is looked at before each
 * statement, by its inode as SQLite itself does where it looks (`fileHasMoved`).
 */
export function fileInPlace(path: string): AssertInPlace {
  // A link may be put elsewhere, and the working directory changed: the file is where it is.
  const opened = realpathSync(path)
  const { ino } = statSync(opened)
  return () => {
    if (statSync(opened, { throwIfNoEntry: false })?.ino === ino) return
    throw new LeluError(
      'LELU_STORE_UNAVAILABLE',
      `The approvals database ${opened} was deleted, moved or replaced while it was open.`,
      {
        help: 'Put the file back, or start this process again: what others have stopped or revoked since is not in the one that it has open.',
      },
    )
  }
}
