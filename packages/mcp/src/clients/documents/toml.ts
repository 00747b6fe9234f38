import { parse, patch, stringify } from '@decimalturn/toml-patch'
import {
  at,
  type Change,
  type Data,
  define,
  endOfLine,
  type Format,
  invalid,
  isObject,
} from './format.ts'

/** TOML, as Codex and Grok Build read it. */
export const toml: Format = {
  parse(text, path) {
    try {
      return parse(text) as Data
    } catch (error) {
      const { line = 1, column = 0 } = error as { line?: number; column?: number }
      const [what = ''] = String((error as Error).message)
        .split('\n')
        .slice(-1)
      throw invalid(path, line, column + 1, lowerFirst(what.replace(/\.$/, '')))
    }
  },
  change(text, changes, path) {
    return changes.reduce((current, change) => changeOne(current, change, path), text)
  },
  comments(text) {
    // Of those behind a value, only what cannot be a part of a string.
    return text.split(/\r?\n/).flatMap((line) => /^\s*#.*$|#[^"']*$/.exec(line) ?? [])
  },
}

function changeOne(text: string, change: Change, path: string): string {
  const data = toml.parse(text, path)
  const [container = '', name] = change.at
  const servers = at(data, [container])
  const isNew = name !== undefined && change.at.length === 2 && at(data, change.at) === undefined
  // A table of its own at the end, as the clients themselves write it. The library would put one line, of another
  // style, above the first table. Where the servers are an inline table, only the library can add to it.
  if (isNew && isObject(change.value) && !isInline(text, container)) {
    const eol = endOfLine(text)
    const table: Data = {}
    define(table, name, change.value)
    const block = stringifyTable([container, name], change.value).replaceAll('\n', eol)
    const head = text === '' ? '' : text.endsWith('\n') ? `${text}${eol}` : `${text}${eol}${eol}`
    return `${head}${block}`
  }
  if (servers === undefined && change.value === undefined) return text
  const only = isObject(servers) && Object.keys(servers).length === 1
  const implied = !new RegExp(`^\\s*\\[\\s*["']?${container}["']?\\s*\\]`, 'm').test(text)
  // The table of servers is there only through its last entry: nobody wrote it, so it goes too.
  const gone = change.value === undefined && name !== undefined && change.at.length === 2
  if (gone && only && implied && !isInline(text, container)) delete data[container]
  else setIn(data, change)
  // The library would make all line ends the same, and complain on standard error.
  const mixed = /\r\n/.test(text) && /(^|[^\r])\n/.test(text)
  if (!mixed) return restoreEnd(text, patch(text, data))
  const unix = text.replaceAll('\r\n', '\n')
  return restoreLineEnds(text, restoreEnd(unix, patch(unix, data)))
}

/** Gives the lines that are as they were their own ends again, from both sides of what changed. */
function restoreLineEnds(before: string, after: string): string {
  const old = before.split('\n')
  const lines = after.split('\n')
  const bare = (line: string | undefined) => line?.replace(/\r$/, '')
  // The end first: an empty last line is the end of the text, not an empty line of it.
  const most = Math.min(lines.length, old.length)
  let end = 0
  while (end < most && lines.at(-1 - end) === bare(old.at(-1 - end))) end += 1
  let start = 0
  while (start < most - end && lines[start] === bare(old[start])) start += 1
  const changed = lines.slice(start, lines.length - end)
  const eol = endOfLine(before) === '\r\n' ? '\r' : ''
  return [
    ...old.slice(0, start),
    ...changed.map((line) => line + eol),
    ...old.slice(old.length - end),
  ].join('\n')
}

/** `mcp_servers = { … }`: TOML lets no table be added to it. */
function isInline(text: string, container: string): boolean {
  return new RegExp(`^\\s*["']?${container}["']?\\s*=`, 'm').test(text)
}

/** The entry's own values, then one table for each object in it. */
function stringifyTable(path: readonly string[], value: Data): string {
  const flat: Data = {}
  const tables: string[] = []
  for (const [key, member] of Object.entries(value)) {
    if (isObject(member)) tables.push(`\n${stringifyTable([...path, key], member)}`)
    else define(flat, key, member)
  }
  return `[${path.map(keyText).join('.')}]\n${stringify(flat).trimEnd()}\n${tables.join('')}`
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
}

function setIn(data: Data, { at: path, value }: Change): void {
  const last = path.at(-1) ?? ''
  let parent = data
  for (const key of path.slice(0, -1)) {
    const child = at(parent, [key])
    if (isObject(child)) {
      parent = child
    } else {
      const made: Data = {}
      define(parent, key, made)
      parent = made
    }
  }
  if (value === undefined) delete parent[last]
  else define(parent, last, value)
}

/** The library drops or adds the last line break. */
function restoreEnd(before: string, after: string): string {
  const end = /(\r?\n)*$/.exec(before)?.[0] ?? ''
  return after.replace(/(\r?\n)*$/, '') + (after.trim() === '' ? '' : end)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
