import { hostname, userInfo } from 'node:os'
import type { Reviewer } from '@lelu/engine'

/**
 * Who decides at this command: the user the operating system runs the process as, by the kernel's user id and the
 * system's own user table. Never USER, LOGNAME or a flag, which anybody can set to somebody else's name.
 */
export function localReviewer(): Reviewer {
  return { id: userName(), issuer: `os:${hostname()}`, method: 'os-user' }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // No entry in the user table, as in many containers. A colon cannot be part of a name there.
    return `uid:${process.geteuid?.() ?? 'unknown'}`
  }
}
