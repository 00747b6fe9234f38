import { isDeepStrictEqual } from 'node:util'
import { LeluMcpError } from '../../errors.ts'

/** A parsed configuration. Keys come from the file: look them up as own properties only. */
export type Data = { [key: string]: unknown }

/** Sets what is at a path of keys, or takes it away when `value` is undefined. `append`: adds to the list there (JSON only). */
export type Change = { at: readonly string[]; value: unknown; append?: true }

/** How one kind of file is read and changed. */
export interface Format {
  /** Throws `LELU_MCP_CONFIG_INVALID`, with line and column, for a text that does not parse. Empty text is no data. */
  parse(text: string, path: string): Data
  /** The text after the changes, everything else as it was. May get it wrong: `changeText` looks. */
  change(text: string, changes: readonly Change[], path: string): string
  /** Its comments, to see that none is lost. */
  comments(text: string): string[]
}

/**
 * The text after the changes, proven: it parses, says what it said before plus the changes, and has every comment that
 * is not inside what was taken away. Throws `LELU_MCP_EDIT_REFUSED` otherwise.
 */
export function changeText(
  format: Format,
  text: string,
  changes: readonly Change[],
  path: string,
): string {
  const wanted = format.parse(text, path)
  for (const change of changes) changeData(wanted, change)
  let next = ''
  let holds = false
  try {
    next = format.change(text, changes, path)
    const found = format.parse(next, path)
    for (const data of [found, wanted]) dropEmptied(data, changes)
    holds = isDeepStrictEqual(plain(found), plain(wanted))
  } catch {
    // the text that came out does not even parse, or nothing came out
  }
  const removes = changes.some(({ value }) => value === undefined)
  if (!holds || (!removes && losesComment(format.comments(text), format.comments(next)))) {
    throw new LeluMcpError(
      'LELU_MCP_EDIT_REFUSED',
      `${path} is written in a way that could not be changed without harm. It was not touched.`,
      { help: 'Add the entry by hand: --print shows it.', details: { path } },
    )
  }
  return next
}

function losesComment(before: readonly string[], after: readonly string[]): boolean {
  const left = [...after]
  return before.some((comment) => {
    const index = left.indexOf(comment)
    if (index === -1) return true
    left.splice(index, 1)
    return false
  })
}

/** Of an object whose last entry was taken away, nothing may be left: in TOML it is there only through its entries. */
function dropEmptied(data: Data, changes: readonly Change[]): void {
  for (const { at: path, value } of changes) {
    const [key = ''] = path
    const left = own(data, key)
    if (value === undefined && isObject(left) && Object.keys(left).length === 0) delete data[key]
  }
}

function changeData(data: Data, { at, value, append }: Change): void {
  const last = at.at(-1)
  if (last === undefined) return
  let parent = data
  for (const key of at.slice(0, -1)) {
    const child = own(parent, key)
    if (isObject(child)) parent = child
    else if (value === undefined) return
    else {
      const made: Data = {}
      define(parent, key, made)
      parent = made
    }
  }
  const list = own(parent, last)
  if (value === undefined) delete parent[last]
  else if (append === true && Array.isArray(list)) list.push(value)
  else define(parent, last, value)
}

/** Also `__proto__` becomes a key of its own, instead of changing what the object is. */
export function define(data: Data, key: string, value: unknown): void {
  Object.defineProperty(data, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** What the object itself holds under a key: never `constructor` and the like. */
export function own(data: Data, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined
}

/** The object or list at a path; undefined where there is nothing. */
export function at(data: Data, path: readonly string[]): unknown {
  let found: unknown = data
  for (const key of path) {
    if (!isObject(found)) return undefined
    found = own(found, key)
  }
  return found
}

export function isObject(value: unknown): value is Data {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}

/** Without prototypes and undefined members, so that parsers of different habits compare. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return new Map(entries.map(([key, member]) => [key, plain(member)]))
}

/** A text that does not parse, by the place where the parser gave up (both from 1). */
export function invalid(path: string, line: number, column: number, what: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CONFIG_INVALID',
    `${path} does not parse: ${what} at line ${line}, column ${column}. It was not touched.`,
    { help: 'Correct the file, then run the command again.', details: { path, line, column } },
  )
}

/** Line and column (both from 1) of an offset. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 }
}

/** What ends the lines of a text: the first end decides. */
export function endOfLine(text: string): '\r\n' | '\n' {
  return /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n'
}
