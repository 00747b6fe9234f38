import { hash } from 'node:crypto'
import type { Json } from '../record/event.ts'
import { jsonText } from '../record/json-bytes.ts'
import { below, type ClearPaths, clearPaths, pathsOf } from './clear-paths.ts'
import { newSalt } from './salt.ts'

/** What shows a committed value: `path` is its place in the record (a JSON Pointer), `salt` 32 bytes in base64. */
export type Opening = { path: string; salt: string; value: Json }

/** `shown` goes into the record. */
export type Committed = { shown: Json; openings: Opening[] }

/** How a value is committed to. */
export type CommitOptions = {
  /** Where `shown` stands in the record. Default `/input`. */
  at?: string
  /** The canonical text of the value, when the caller has it already. */
  text?: string
  /** Most bytes that `shown` may have; past that one commitment stands for the whole. Default 16 KiB. */
  maxBytes?: number
}

/** The one member of a commitment. */
export const commitmentMember = '$c'
/** About what a commitment takes in a record: its braces, member and 44 characters of base64. */
const commitmentBytes = 53

/** Most texts fit: to put the parts together in a buffer of their own would cost as much as the hash. */
const scratch = Buffer.allocUnsafe(16 * 1024)

/**
 * Base64 SHA-256 over 0x10, the salt, the path, 0x00 and the RFC 8785 text of the value. That text holds no zero byte, so
 * the last one ends the path; 0x10 keeps it apart from the leaves and nodes of the log's tree (0x00, 0x01).
 */
export function commitment(salt: Uint8Array, path: string, text: string): string {
  // A unit of UTF-16 takes three bytes of UTF-8 at most.
  const most = 2 + salt.length + 3 * (path.length + text.length)
  const bytes = most <= scratch.length ? scratch : Buffer.allocUnsafe(most)
  bytes[0] = 0x10
  bytes.set(salt, 1)
  let end = 1 + salt.length
  end += bytes.write(path, end)
  bytes[end] = 0
  end += 1
  end += bytes.write(text, end)
  return hash('sha256', bytes.subarray(0, end), 'base64')
}

/**
 * What of a value is recorded: the allowed places in clear, everything else as salted commitments. A part that holds no
 * allowed place becomes one commitment, so neither its members nor their number can be told.
 */
export function commitInput(
  input: Json,
  clear: readonly string[] | ClearPaths = [],
  { at = '/input', text, maxBytes = 16 * 1024 }: CommitOptions = {},
): Committed {
  const paths = 'members' in clear ? clear : clearPaths(clear)
  const state: State = { openings: [], left: maxBytes }
  const shown = show(input, paths, at, state, text)
  if (state.left >= 0) return { shown, openings: state.openings }
  // Too large to show in part: nothing of it is, instead of a record that the log refuses.
  const whole: State = { openings: [], left: maxBytes }
  return { shown: commit(input, at, whole, text), openings: whole.openings }
}

type State = { openings: Opening[]; left: number }

function commit(value: Json, path: string, state: State, text = jsonText(value)): Json {
  const salt = newSalt()
  state.openings.push({ path, salt: salt.toString('base64'), value })
  state.left -= commitmentBytes
  return { [commitmentMember]: commitment(salt, path, text) }
}

function show(
  value: Json,
  paths: ClearPaths | undefined,
  path: string,
  state: State,
  text?: string,
): Json {
  if (paths === undefined) return commit(value, path, state, text)
  if (paths.shown) return showWhole(value, path, state)
  const leads = paths.any !== undefined || paths.members.size > 0
  // A scalar has no members that a longer path could mean.
  if (!leads || typeof value !== 'object' || value === null || looksCommitted(value)) {
    return commit(value, path, state, text)
  }
  return eachMember(value, state, (member, name) =>
    show(member, pathsOf(paths, name), below(path, name), state),
  )
}

/** In clear, but for what could be mistaken for a commitment. */
function showWhole(value: Json, path: string, state: State): Json {
  if (typeof value !== 'object' || value === null) {
    // A unit of UTF-16 takes six characters at most, as an escape.
    state.left -= typeof value === 'string' ? Buffer.byteLength(JSON.stringify(value)) : 24
    return value
  }
  if (looksCommitted(value)) return commit(value, path, state)
  return eachMember(value, state, (member, name) => showWhole(member, below(path, name), state))
}

/** An input's own `$c` would pass for a commitment to a value that nobody committed to. */
const looksCommitted = (value: object): boolean => Object.hasOwn(value, commitmentMember)

function eachMember(
  value: Json[] | { [member: string]: Json },
  state: State,
  map: (member: Json, name: string) => Json,
): Json {
  state.left -= 2
  if (Array.isArray(value)) {
    const items: Json[] = []
    for (let index = 0; index < value.length && state.left >= 0; index += 1) {
      state.left -= 1
      items.push(map(value[index] as Json, String(index)))
    }
    return items
  }
  // Without a prototype `__proto__` is a member like any other.
  const members: { [member: string]: Json } = Object.create(null)
  for (const name of Object.keys(value)) {
    if (state.left < 0) break // nobody will see it
    state.left -= Buffer.byteLength(JSON.stringify(name)) + 2
    members[name] = map(value[name] as Json, name)
  }
  return members
}
