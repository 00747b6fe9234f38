import {
  createScanner,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import {
  type Change,
  type Data,
  define,
  endOfLine,
  type Format,
  invalid,
  placeOf,
} from './format.ts'
import { changeProperty } from './json-edit.ts'

/** JSON, and JSON with comments and trailing commas, as clients read it. */
export const json: Format = {
  parse(text, path) {
    const root = treeOf(text, path)
    return root === undefined ? {} : (dataOf(root) as Data)
  },
  change(text, changes, path) {
    return changes.reduce((current, change) => changeOne(current, change, path), text)
  },
  comments(text) {
    const found: string[] = []
    const scanner = createScanner(text, false)
    for (let kind = scanner.scan(); kind !== SyntaxKind.end; kind = scanner.scan()) {
      if (kind === SyntaxKind.lineComment || kind === SyntaxKind.blockComment) {
        const start = scanner.getTokenOffset()
        found.push(text.slice(start, start + scanner.getTokenLength()))
      }
    }
    return found
  },
}

/** Of jsonc-parser, whose `const enum` cannot be imported under `isolatedModules`. */
const SyntaxKind = { lineComment: 12, blockComment: 13, end: 17 } as const

function changeOne(text: string, change: Change, path: string): string {
  const root = treeOf(text, path)
  if (root !== undefined) return changeProperty(text, root, change)
  if (change.value === undefined) return text
  // Nothing, or comments alone: the document begins after them.
  const eol = endOfLine(text)
  const start = text === '' || text.endsWith('\n') ? text : `${text}${eol}`
  const value = change.at.reduceRight<unknown>((inner, key) => ({ [key]: inner }), change.value)
  return `${start}${JSON.stringify(value, null, 2).replaceAll('\n', eol)}${eol}`
}

/** Undefined for a text without a value. */
function treeOf(text: string, path: string): Node | undefined {
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  if (root === undefined && isBlank(text)) return undefined
  const [error] = errors
  if (error !== undefined) {
    const { line, column } = placeOf(text, error.offset)
    throw invalid(path, line, column, sentence(printParseErrorCode(error.error)))
  }
  if (root?.type !== 'object') throw invalid(path, 1, 1, 'an object is expected')
  assertKeysOnce(text, root, path)
  return root
}

function isBlank(text: string): boolean {
  return createScanner(text, true).scan() === SyntaxKind.end
}

/** Of a key that is there twice, which one counts is each parser's own choice: what we change might be the other one. */
function assertKeysOnce(text: string, node: Node, path: string): void {
  const keys = new Set<string>()
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const key = child.children?.[0]
      if (keys.has(key?.value)) {
        const { line, column } = placeOf(text, child.offset)
        throw invalid(path, line, column, 'a key that was there before')
      }
      keys.add(key?.value)
    }
    assertKeysOnce(text, child, path)
  }
}

/** Not the library's own reading: it would take `__proto__` for the prototype. */
function dataOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(dataOf)
  if (node.type !== 'object') return node.value
  const data: Data = {}
  for (const { children } of node.children ?? []) {
    const [key, value] = children ?? []
    if (key !== undefined && value !== undefined) define(data, key.value, dataOf(value))
  }
  return data
}

/** `PropertyNameExpected` → `property name expected`. */
function sentence(code: string): string {
  return code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase()
}
