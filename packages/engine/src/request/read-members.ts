import { isPlain } from './copy-json.ts'
import { requestInvalid } from './request-error.ts'
import { isWellFormed } from './unicode.ts'

/** The members of one object of a request, each read once. */
export type Members = { path: string; values: Map<string, unknown> }

export function at({ path }: Members, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

/**
 * Reads an object whose keys are all known. An unknown key is refused by name: a misspelt `confidence` that was
 * dropped would be a request without one. A member that is undefined counts as left out.
 */
export function readMembers(value: unknown, path: string, names: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isPlain(value)) {
    throw requestInvalid(
      path,
      found(value, 'a plain object'),
      `It is an object with ${list(names)}.`,
    )
  }
  const members: Members = { path, values: new Map() }
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol' || !names.includes(key)) throw unknownMember(members, key, names)
    const member = Object.getOwnPropertyDescriptor(value, key)
    if (member === undefined || !('value' in member)) {
      throw requestInvalid(at(members, key), 'is a getter', 'Pass the value itself.')
    }
    if (member.value !== undefined) members.values.set(key, member.value)
  }
  return members
}

function unknownMember(members: Members, key: string | symbol, names: readonly string[]): Error {
  // The name may come from anybody: shortened and escaped, so that it can go to a terminal.
  const shown = typeof key === 'symbol' ? 'symbol' : JSON.stringify(key.slice(0, 64)).slice(1, -1)
  const near = names.find(
    (name) => name[0] === key.toString()[0] && Math.abs(name.length - shown.length) < 4,
  )
  const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`
  return requestInvalid(
    at(members, shown),
    'is not known',
    `Remove it.${hint} Known are ${list(names)}.`,
  )
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

// Names and ids end up in logs, terminals, file names and tokens.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** A non-empty string without control characters, of `most` UTF-16 units at most. */
export function readText(members: Members, name: string, most: number): string {
  const value = members.values.get(name)
  const path = at(members, name)
  if (typeof value !== 'string')
    throw requestInvalid(path, found(value, 'a string'), 'Pass a non-empty string.')
  if (value === '') throw requestInvalid(path, 'is empty', 'Pass a non-empty string.')
  if (value.length > most)
    throw requestInvalid(path, `is longer than ${most} characters`, 'Shorten it.')
  if (controls.test(value)) throw requestInvalid(path, 'holds a control character', 'Remove it.')
  if (!isWellFormed(value))
    throw requestInvalid(path, 'is not Unicode text', 'Pass a well-formed string.')
  return value
}

/** The same for a text beside a request, such as the name of what is stopped: `path` is where it stands. */
export function checkText(value: unknown, path: string, most: number): string {
  const cut = path.lastIndexOf('.')
  const name = path.slice(cut + 1)
  return readText(
    { path: path.slice(0, Math.max(cut, 0)), values: new Map([[name, value]]) },
    name,
    most,
  )
}

export function readWord<Word extends string>(
  members: Members,
  name: string,
  words: readonly Word[],
): Word {
  const value = members.values.get(name)
  const word = words.find((known) => known === value)
  if (word !== undefined) return word
  throw requestInvalid(
    at(members, name),
    found(value, 'one of the known words'),
    `Pass one of ${list(words)}.`,
  )
}

/** A finite number, or null. */
export function readNumber(
  members: Members,
  name: string,
  min: number,
  max: number,
): number | null {
  const value = members.values.get(name)
  if (value === null) return null
  const path = at(members, name)
  const wanted = Number.isFinite(min)
    ? `a number from ${min} to ${max}, or null`
    : 'a finite number, or null'
  if (typeof value !== 'number')
    throw requestInvalid(path, found(value, 'a number or null'), `Pass ${wanted}.`)
  // NaN fails both comparisons, so they are asked this way round.
  if (Number.isFinite(value) && value >= min && value <= max) return value === 0 ? 0 : value
  throw requestInvalid(path, 'is out of range', `Pass ${wanted}.`)
}

function found(value: unknown, wanted: string): string {
  return value === undefined ? 'is missing' : `is not ${wanted}`
}
