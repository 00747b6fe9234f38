import { constants } from 'node:fs'

/**
 * For whatever is read in a folder that others may write to: a named pipe that somebody put in the place of a file is
 * not waited for. Without it verifying, signing and adopting would never end, and never say why. Windows has no such flag.
 */
export const readFlags: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
