import type { Node } from 'jsonc-parser'
import { type Change, endOfLine } from './format.ts'

// jsonc-parser's own `modify` moves the comment behind an entry to the next one, and drops comments before a removed
// one. These edits touch the lines of the entry alone.

/** The text with one property of the tree set or taken away. Objects on the way are made as needed. */
export function changeProperty(text: string, root: Node, { at, value, append }: Change): string {
  let parent = root
  for (const [depth, key] of at.slice(0, -1).entries()) {
    const child = propertyOf(parent, key)?.children?.[1]
    if (child?.type !== 'object') {
      if (value === undefined) return text
      const rest = at.slice(depth + 1)
      const made = rest.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
      return setProperty(text, parent, key, made)
    }
    parent = child
  }
  const last = at.at(-1) ?? ''
  const list = propertyOf(parent, last)?.children?.[1]
  if (append === true && list?.type === 'array') return insertProperty(text, list, null, value)
  return value === undefined
    ? removeProperty(text, parent, last)
    : setProperty(text, parent, last, value)
}

function propertyOf(parent: Node, key: string): Node | undefined {
  return parent.children?.find(({ children }) => children?.[0]?.value === key)
}

function setProperty(text: string, parent: Node, key: string, value: unknown): string {
  const there = propertyOf(parent, key)?.children?.[1]
  if (there === undefined) return insertProperty(text, parent, key, value)
  const written = print(text, value, indentAt(text, there.offset))
  return splice(text, there.offset, endOf(there), written)
}

/** `key` null: `parent` is a list. */
function insertProperty(text: string, parent: Node, key: string | null, value: unknown): string {
  const eol = endOfLine(text)
  const outer = indentAt(text, parent.offset)
  const last = parent.children?.at(-1)
  const [open, close] = key === null ? '[]' : '{}'
  const name = (space: string) => (key === null ? '' : `${JSON.stringify(key)}:${space}`)
  if (last === undefined) {
    const inner = text.slice(parent.offset + 1, endOf(parent) - 1).trimEnd() // comments, or nothing
    const indent = outer + indentUnit(text)
    const whole =
      inner === '' && isOneLine(text)
        ? `${name('')}${JSON.stringify(value)}`
        : `${inner}${eol}${indent}${name(' ')}${print(text, value, indent)}${eol}${outer}`
    return splice(text, parent.offset, endOf(parent), `${open}${whole}${close}`)
  }
  const { comma, lineEnd } = afterProperty(text, endOf(last))
  if (!text.slice(parent.offset, last.offset).includes('\n')) {
    const space = /[:,]\s/.test(text.slice(parent.offset, endOf(last))) ? ' ' : ''
    const property = `,${space}${name(space)}${JSON.stringify(value)}`
    return splice(text, endOf(last), endOf(last), property)
  }
  const indent = indentAt(text, last.offset)
  const line = `${eol}${indent}${name(' ')}${print(text, value, indent)}${comma === -1 ? '' : ','}`
  const inserted = splice(text, lineEnd, lineEnd, line)
  return comma === -1 ? splice(inserted, endOf(last), endOf(last), ',') : inserted
}

function removeProperty(text: string, parent: Node, key: string): string {
  const properties = parent.children ?? []
  const index = properties.findIndex(({ children }) => children?.[0]?.value === key)
  const property = properties[index]
  if (property === undefined) return text
  const after = afterProperty(text, endOf(property))
  const before = properties[index - 1]
  const between = before === undefined ? '' : text.slice(endOf(before), property.offset)
  if (before !== undefined && /^, *$/.test(between)) {
    return splice(text, endOf(before), endOf(property), '')
  }
  let from = property.offset
  let to = after.comma === -1 ? endOf(property) : after.comma + 1
  const lineStart = text.lastIndexOf('\n', from - 1) + 1
  const ownLine = text.slice(lineStart, from).trim() === ''
  const restOfLine = text.slice(after.lineEnd, after.lineEnd + 1)
  if (ownLine && (restOfLine === '\n' || restOfLine === '\r')) {
    from = lineStart
    to = text.indexOf('\n', after.lineEnd) + 1
  } else {
    while (text[to] === ' ') to += 1
  }
  let next = splice(text, from, to, '')
  if (before !== undefined && after.comma === -1) {
    // The one before is the last now; it had a comma only because of this one.
    const { comma } = afterProperty(text, endOf(before))
    if (comma !== -1) next = splice(next, comma, comma + 1, '')
  }
  if (properties.length > 1) return next
  const end = endOf(parent) - (to - from)
  const inner = next.slice(parent.offset + 1, end - 1)
  return inner.trim() === '' ? splice(next, parent.offset, end, '{}') : next
}

/** The comma behind a property (-1: none), and where its line ends, with the comment that belongs to it. */
function afterProperty(text: string, end: number): { comma: number; lineEnd: number } {
  let comma = -1
  let lineEnd = end
  for (let at = end; at < text.length; ) {
    if (text[at] === ',' && comma === -1) {
      comma = at
      at += 1
      if (!text.slice(end, at).includes('\n')) lineEnd = at
    } else if (text.startsWith('//', at)) {
      const stop = lineBreak(text, at)
      if (!text.slice(end, at).includes('\n')) lineEnd = stop
      at = stop
    } else if (text.startsWith('/*', at)) {
      const stop = text.indexOf('*/', at) + 2
      if (!text.slice(end, at).includes('\n')) lineEnd = stop
      at = stop
    } else if (/\s/.test(text[at] ?? '')) {
      at += 1
    } else {
      break
    }
  }
  // A comma on a later line belongs to this property, but not to its line.
  return { comma, lineEnd: comma > lineEnd ? comma + 1 : lineEnd }
}

function lineBreak(text: string, at: number): number {
  const found = /\r?\n/.exec(text.slice(at))
  return found === null ? text.length : at + found.index
}

/** The white space that begins the line of an offset. */
function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return /^[\t ]*/.exec(text.slice(start))?.[0] ?? ''
}

/** What one more level is indented by in this text: its first indented line decides. */
function indentUnit(text: string): string {
  return /\n([\t ]+)["{[\]}]/.exec(text)?.[1] ?? '  '
}

/** Written without line breaks; `{}` says nothing of how it would be. */
function isOneLine(text: string): boolean {
  return !text.trim().includes('\n') && text.trim().length > 2
}

function print(text: string, value: unknown, indent: string): string {
  if (isOneLine(text)) return JSON.stringify(value)
  const lines = JSON.stringify(value, null, indentUnit(text)).split('\n')
  return lines.join(`${endOfLine(text)}${indent}`)
}

function endOf({ offset, length }: Node): number {
  return offset + length
}

function splice(text: string, from: number, to: number, written: string): string {
  return text.slice(0, from) + written + text.slice(to)
}
