import {
  type Document,
  isMap,
  isScalar,
  Lexer,
  type Node,
  type Pair,
  parseAllDocuments,
  stringify,
  type YAMLMap,
} from 'yaml'
import { type Change, type Data, endOfLine, type Format, invalid } from './format.ts'

/** YAML, as Goose reads it. */
export const yaml: Format = {
  parse(text, path) {
    const document = documentOf(text, path)
    return document === undefined || document.contents === null ? {} : toData(document, path)
  },
  change(text, changes, path) {
    return changes.reduce((current, change) => changeOne(current, change, path), text)
  },
  comments(text) {
    return [...new Lexer().lex(text)].filter((token) => token.startsWith('#'))
  },
}

function documentOf(text: string, path: string): Document.Parsed | undefined {
  const documents = parseAllDocuments(text, { uniqueKeys: true })
  if (!Array.isArray(documents)) return undefined // nothing in it
  const [document, second] = documents
  if (second !== undefined) throw invalid(path, 1, 1, 'one document is expected, not several,')
  const [error] = document?.errors ?? []
  if (error !== undefined) {
    const [{ line, col }] = error.linePos ?? [{ line: 1, col: 1 }]
    const [what = ''] = error.message.split(/ at line |\n/)
    throw invalid(path, line, col, what.charAt(0).toLowerCase() + what.slice(1))
  }
  if (document !== undefined && document.contents !== null && !isMap(document.contents)) {
    throw invalid(path, 1, 1, 'an object is expected')
  }
  return document
}

function toData(document: Document.Parsed, path: string): Data {
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch {
    throw invalid(path, 1, 1, 'more aliases than a configuration has')
  }
  return JSON.parse(JSON.stringify(value)) as Data // through JSON: an alias becomes a copy
}

type Item = Pair<Node, Node | null>

/**
 * Edits of the lines concerned. The library's own writing of a changed document would indent, fold and quote all of it
 * anew.
 */
function changeOne(text: string, { at, value }: Change, path: string): string {
  const contents = documentOf(text, path)?.contents
  if (!isMap(contents)) {
    if (value === undefined) return text
    return append(text, 0, nest(at, value))
  }
  let parent: YAMLMap = contents
  for (const [depth, key] of at.slice(0, -1).entries()) {
    const item = itemOf(parent, key)
    if (item !== undefined && isMap(item.value)) {
      parent = item.value
      continue
    }
    if (value === undefined) return text
    const inner = nest(at.slice(depth + 1), value)
    return item === undefined
      ? addItem(text, parent, key, inner)
      : setItem(text, parent, item, inner)
  }
  const key = at.at(-1) ?? ''
  const item = itemOf(parent, key)
  if (value === undefined) return item === undefined ? text : removeItem(text, parent, item)
  return item === undefined ? addItem(text, parent, key, value) : setItem(text, parent, item, value)
}

function itemOf(map: YAMLMap, key: string): Item | undefined {
  return map.items.find((item) => isScalar(item.key) && item.key.value === key) as Item | undefined
}

function nest(keys: readonly string[], value: unknown): unknown {
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
}

function addItem(text: string, map: YAMLMap, key: string, value: unknown): string {
  const last = map.items.at(-1) as Item | undefined
  if (map.flow === true || last === undefined) {
    const open = (map.range?.[0] ?? 0) + 1
    const rest = last === undefined ? '' : ', '
    return splice(text, open, open, `${JSON.stringify(key)}: ${JSON.stringify(value)}${rest}`)
  }
  return insertLines(
    text,
    endOfItem(text, last),
    block(text, columnOf(text, last), { [key]: value }),
  )
}

function setItem(text: string, map: YAMLMap, item: Item, value: unknown): string {
  const { range } = item.value ?? {}
  const written = range ? text.slice(range[0], range[1]) : ''
  const scalar = typeof value !== 'object' || value === null
  if (range && written !== '' && (map.flow === true || (scalar && isScalar(item.value)))) {
    return splice(text, range[0], range[1], JSON.stringify(value))
  }
  const key = isScalar(item.key) ? String(item.key.value) : ''
  const from = text.lastIndexOf('\n', rangeStart(item.key) - 1) + 1
  const lines = block(text, columnOf(text, item), { [key]: value })
  return splice(text, from, endOfItem(text, item), lines)
}

function removeItem(text: string, map: YAMLMap, item: Item): string {
  const index = (map.items as Item[]).indexOf(item)
  const start = rangeStart(item.key)
  if (map.flow === true) {
    const next = map.items[index + 1] as Item | undefined
    const before = map.items[index - 1] as Item | undefined
    if (next !== undefined) return splice(text, start, rangeStart(next.key), '')
    const end = rangeEnd(item)
    return splice(text, before === undefined ? start : rangeEnd(before), end, '')
  }
  const from = text.lastIndexOf('\n', start - 1) + 1
  const to = endOfItem(text, item)
  const removed = splice(text, from, to, '')
  if (map.items.length > 1) return removed
  // The last one: the key above would hold null from now on.
  const above = text.slice(0, from).replace(/\r?\n$/, '')
  const line = above.length
  return from === 0 ? removed : splice(removed, line, line, ' {}')
}

function append(text: string, indent: number, value: unknown): string {
  return insertLines(text, text.length, block(text, indent, value))
}

/** Inserts whole lines; the line before gets its end if it has none. */
function insertLines(text: string, offset: number, lines: string): string {
  const open = offset > 0 && text[offset - 1] !== '\n'
  return splice(text, offset, offset, `${open ? endOfLine(text) : ''}${lines}`)
}

function block(text: string, indent: number, value: unknown): string {
  const lines = stringify(value, { lineWidth: 0 }).trimEnd().split('\n')
  const eol = endOfLine(text)
  return lines.map((line) => `${' '.repeat(indent)}${line}${eol}`).join('')
}

function columnOf(text: string, item: Item): number {
  const start = rangeStart(item.key)
  return start - (text.lastIndexOf('\n', start - 1) + 1)
}

/** Behind the last line of an item, with the comment on it. */
function endOfItem(text: string, item: Item): number {
  const end = rangeEnd(item)
  if (text[end - 1] === '\n') return end
  const found = text.indexOf('\n', end)
  return found === -1 ? text.length : found + 1
}

function rangeStart(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}

function rangeEnd(item: Item): number {
  const value = item.value?.range?.[1]
  return value ?? item.key.range?.[1] ?? 0
}

function splice(text: string, from: number, to: number, written: string): string {
  return text.slice(0, from) + written + text.slice(to)
}
