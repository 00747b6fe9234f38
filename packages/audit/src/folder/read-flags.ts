import { constants } from 'node:fs'

/** Whoever may write to a folder may put a link there, to what only this user may read or change. Windows has no such flag. */
const noLink: number = constants.O_NOFOLLOW ?? 0

/**
 * For whatever is read in a folder that others may write to: a named pipe that somebody put in the place of a file is
 * not waited for. Without it verifying, signing and adopting would never end, and never say why. Windows has no such flag.
 */
export const readFlags: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | noLink

/** For what is changed in place in such a folder. */
export const changeFlags: number = constants.O_RDWR | noLink

/** Whether a file could not be opened because a link stands in its place. */
export function isLinkError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ELOOP'
}
