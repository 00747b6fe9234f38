import type { Json } from '../types.ts'

/** Where a text stops being strict JSON. `line` and `column` start at 1, columns count UTF-16 units. */
export class JsonTextError extends SyntaxError {
  readonly line: number
  readonly column: number

  constructor(why: string, text: string, offset: number) {
    const before = text.slice(0, offset)
    const line = before.split('\n').length
    const column = offset - before.lastIndexOf('\n')
    super(`${why} at line ${line}, column ${column}`)
    this.name = 'JsonTextError'
    this.line = line
    this.column = column
  }
}

type Scan = { text: string; offset: number; maxDepth: number }

const literal = /true|false|null/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const escaped = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y
const space = /[ \t\n\r]*/y
const quote = 0x22
const backslash = 0x5c
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * JSON as JSON.parse reads it, except that what two readers could read differently is refused: duplicate keys
 * (RFC 8259 §4 leaves open which counts), `__proto__` as a key, a byte order mark, bytes that are not UTF-8.
 * Throws JsonTextError with line and column. The text must have been bounded in size by the caller.
 */
export function parseStrictJson(source: string | Uint8Array, maxDepth = 128): Json {
  const text = typeof source === 'string' ? source : decode(source)
  if (text.startsWith('\uFEFF')) throw new JsonTextError('There is a byte order mark', text, 0)
  const scan: Scan = { text, offset: 0, maxDepth }
  skipSpace(scan)
  scanValue(scan, 0)
  skipSpace(scan)
  if (scan.offset < text.length) throw failure(scan, 'There is more text after the JSON value')
  return JSON.parse(text) as Json
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new JsonTextError('There are bytes that are not UTF-8', '', 0)
  }
}

function scanValue(scan: Scan, depth: number): void {
  const first = scan.text[scan.offset]
  if (first === '{') scanObject(scan, depth + 1)
  else if (first === '[') scanArray(scan, depth + 1)
  else if (first === '"') scanString(scan)
  else if (!match(scan, number) && !match(scan, literal))
    throw failure(scan, 'A JSON value is missing')
}

function scanObject(scan: Scan, depth: number): void {
  enter(scan, depth)
  const keys = new Set<string>()
  if (take(scan, '}')) return
  do {
    const start = scan.offset
    // Two spellings of one key ("a", "\u0061") are one key.
    const key = JSON.parse(scanString(scan)) as string
    if (keys.has(key)) throw new JsonTextError('A key stands twice in one object', scan.text, start)
    if (key === '__proto__')
      throw new JsonTextError('The key `__proto__` is refused', scan.text, start)
    keys.add(key)
    skipSpace(scan)
    if (!take(scan, ':')) throw failure(scan, 'A colon is missing')
    scanValue(scan, depth)
    skipSpace(scan)
  } while (take(scan, ','))
  if (!take(scan, '}')) throw failure(scan, 'A comma or `}` is missing')
}

function scanArray(scan: Scan, depth: number): void {
  enter(scan, depth)
  if (take(scan, ']')) return
  do {
    scanValue(scan, depth)
    skipSpace(scan)
  } while (take(scan, ','))
  if (!take(scan, ']')) throw failure(scan, 'A comma or `]` is missing')
}

function enter(scan: Scan, depth: number): void {
  if (depth > scan.maxDepth) throw failure(scan, `It is nested deeper than ${scan.maxDepth}`)
  scan.offset += 1
  skipSpace(scan)
}

/** Answers the string with its quotes. A loop, as a regular expression would stack up for megabytes of escapes. */
function scanString(scan: Scan): string {
  const { text } = scan
  const start = scan.offset
  if (text[start] !== '"') throw failure(scan, 'A string is missing')
  for (scan.offset += 1; ; ) {
    const code = text.charCodeAt(scan.offset)
    if (!(code >= 0x20)) throw failure(scan, 'A string is not closed, or holds a control character')
    scan.offset += 1
    if (code === quote) return text.slice(start, scan.offset)
    if (code === backslash && !match(scan, escaped))
      throw failure(scan, 'There is an escape that JSON does not have')
  }
}

/** Takes one character and the white space behind it. */
function take(scan: Scan, character: string): boolean {
  if (scan.text[scan.offset] !== character) return false
  scan.offset += 1
  // Behind a closing bracket the caller skips, or the text ends.
  if (character === ',' || character === ':') skipSpace(scan)
  return true
}

function skipSpace(scan: Scan): void {
  match(scan, space)
}

function match(scan: Scan, expression: RegExp): boolean {
  expression.lastIndex = scan.offset
  if (!expression.test(scan.text)) return false
  scan.offset = expression.lastIndex
  return true
}

function failure(scan: Scan, why: string): JsonTextError {
  return new JsonTextError(why, scan.text, scan.offset)
}
