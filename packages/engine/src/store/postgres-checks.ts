import type { Row } from './postgres-values.ts'
import { unsafeStore } from './unsafe.ts'

const wanted: Record<string, { fine: readonly unknown[]; why: string; help: string }> = {
  recovery: {
    fine: [false],
    why: 'it is a replica, which cannot be written to, and does not know yet what was stopped or revoked',
    help: 'Connect to the primary.',
  },
  fsync: {
    fine: ['on'],
    why: '`fsync` is off, so a power cut can undo what was answered',
    help: 'Set fsync = on in postgresql.conf.',
  },
  synchronous_commit: {
    fine: ['on', 'local', 'remote_write', 'remote_apply'],
    why: '`synchronous_commit` is off, so a crash can undo what was answered',
    help: 'Set synchronous_commit = on, at least for this user: ALTER ROLE … SET synchronous_commit = on.',
  },
}

/** What each new connection is asked. */
export const serverQuestion: string = `SELECT pg_is_in_recovery() AS recovery, current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS synchronous_commit`

/**
 * Refuses a server that would make an approval that was answered disappear again (`LELU_STORE_UNSAFE`), or hide a
 * revocation. With `allow` it only warns, once: a new connection may find another server, and the same one is found often.
 */
export function serverCheck(allow: boolean): (answer: Row) => void {
  const warned = new Set<string>()
  return (answer) => {
    const unsafe = Object.entries(wanted).find(([name, { fine }]) => !fine.includes(answer[name]))
    if (unsafe === undefined) return
    const [name, finding] = unsafe
    if (!warned.has(name)) unsafeStore('PostgreSQL', finding, allow)
    warned.add(name)
  }
}
