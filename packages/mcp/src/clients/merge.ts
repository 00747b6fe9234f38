import { isDeepStrictEqual } from 'node:util'
import { LeluMcpError } from '../errors.ts'
import type { Shape } from './client.ts'
import { type Change, type Data, isObject, own } from './documents/format.ts'
import {
  credentialKeys,
  httpKeys,
  readEntry,
  type Server,
  stdioKeys,
  urlKeys,
  type Wanted,
} from './entry.ts'

/** What an entry needs to become the wanted one. No changes: it is that already. */
export type Merge = { changes: Change[]; notes: string[] }

/**
 * The changes that turn an entry into the wanted one. What the person added to it stays; what made another connection
 * goes, and so does a credential that was meant for another server.
 */
export function mergeEntry(
  existing: Data | undefined,
  shape: Shape,
  wanted: Wanted,
  at: readonly string[],
): Merge {
  if (existing === undefined) {
    return { changes: [{ at, value: { ...shape.required, ...shape.defaults } }], notes: [] }
  }
  const notes: string[] = []
  const now = readEntry(existing)
  const stale = staleKeys(existing, now, wanted)
  const changes: Change[] = stale
    .filter((key) => !Object.hasOwn(shape.required, key))
    .map((key) => ({ at: [...at, key], value: undefined }))
  if (stale.some((key) => credentialKeys.includes(key)) && 'kind' in now && now.kind === 'http') {
    notes.push('its headers and token were for another server, and were taken out')
  }
  for (const [key, value] of Object.entries(shape.required)) {
    const there = stale.includes(key) ? undefined : own(existing, key)
    if (isObject(value) && isObject(there)) {
      changes.push(...mergeHeaders(there, value, [...at, key]))
    } else if (!isDeepStrictEqual(own(existing, key), value)) {
      changes.push({ at: [...at, key], value })
    }
  }
  if (own(existing, 'disabled') === true || own(existing, 'enabled') === false) {
    notes.push('it is turned off in the file, and was left so')
  }
  return { changes, notes }
}

function staleKeys(existing: Data, now: ReturnType<typeof readEntry>, wanted: Wanted): string[] {
  const keys = Object.keys(existing)
  const kind = 'kind' in now ? now.kind : null
  if (kind === null) return keys.filter((key) => [...httpKeys, ...stdioKeys].includes(key))
  if (kind !== wanted.kind) {
    const gone = kind === 'http' ? [...httpKeys, 'type', 'transport'] : [...stdioKeys, 'type']
    return keys.filter((key) => gone.includes(key))
  }
  if (wanted.kind === 'stdio') return isOurs(now, wanted) ? [] : keys.filter(isIn(stdioKeys))
  // Sent to another host, the old host's token would be given away.
  const moved = !sameOrigin(now as Server, wanted)
  return keys.filter((key) => urlKeys.includes(key) || (moved && credentialKeys.includes(key)))
}

function isIn(keys: readonly string[]): (key: string) => boolean {
  return (key) => keys.includes(key)
}

/** Names of headers count without their case: two `Authorization` would both be sent. */
function mergeHeaders(there: Data, wanted: Data, at: readonly string[]): Change[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const others = Object.keys(there).filter(
      (key) => key !== name && key.toLowerCase() === name.toLowerCase(),
    )
    const removed = others.map((key): Change => ({ at: [...at, key], value: undefined }))
    return own(there, name) === value ? removed : [...removed, { at: [...at, name], value }]
  })
}

function sameOrigin(now: Server, wanted: Wanted): boolean {
  if (now.kind !== 'http' || wanted.kind !== 'http') return false
  try {
    return new URL(now.url).origin === new URL(wanted.url).origin
  } catch {
    return false // a reference in it: nobody knows where it goes
  }
}

/** The package that an entry of ours starts. */
export const ourPackage = '@lelu/mcp'

/** Whether an entry is an older one of ours, which may be changed without asking. */
export function isOurs(now: Server | { problem: string }, wanted: Wanted): boolean {
  if (!('kind' in now)) return false
  if (now.kind === 'stdio') return isOurCommand(now)
  if (sameOrigin(now, wanted)) return true
  return /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\]):3003\//.test(now.url)
}

/** `npx -y @lelu/mcp …` and nothing else: what a file calls ours is replaced without asking. */
function isOurCommand(now: Server): boolean {
  if (now.kind !== 'stdio') return false
  const [first, second, third] = now.args
  return now.command === 'npx' && first === '-y' && second === ourPackage && third === 'serve'
}

/** Refuses to replace somebody else's server of the same name, unless it was asked for. */
export function assertReplaceable(
  existing: Data | undefined,
  wanted: Wanted,
  where: { path: string; name: string },
  replace: boolean,
): void {
  if (existing === undefined || replace || isOurs(readEntry(existing), wanted)) return
  throw new LeluMcpError(
    'LELU_MCP_ENTRY_TAKEN',
    `${where.path} has another server named ${where.name}. It was not touched.`,
    { help: 'Choose another name with --name, or replace that server with --yes.', details: where },
  )
}
