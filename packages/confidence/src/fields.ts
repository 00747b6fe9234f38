/** Where in a text a part of one field stands: from `start` up to, not including, `end` (UTF-16 units). */
export type ValueSpan = { field: string; start: number; end: number }

/**
 * The smallest parts of JSON text, without the blanks between them. `field` is set on what says that a field is there
 * and what its value is; `isName` on a name in front of a colon.
 */
export type Lexeme = { text: string; start: number; end: number; field?: string; isName?: true }

// In this order: a string, then any other scalar, then structure. Whatever the text is, each match moves on.
const part = /"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+|[{}[\]:,]/gy

/** The part that starts at `from`, behind any blanks. */
export function lexemeAt(text: string, from: number): Lexeme | undefined {
  let start = from
  while (start < text.length && ' \t\n\r'.includes(text.charAt(start))) start += 1
  part.lastIndex = start
  const found = part.exec(text)?.[0]
  return found === undefined ? undefined : { text: found, start, end: start + found.length }
}

/**
 * The parts of the JSON text of a tool call's arguments. Each value names the top-level member it belongs to. So do the
 * brackets and commas of a value, which say where a list ends and are all there is of an empty one; and so do the names,
 * with the commas in front of them: a model may doubt whether to write `"force": true` at all, and be certain of the
 * `true` once it has. Undefined when the text is not the JSON of an object.
 */
export function lexemesOf(text: string): Lexeme[] | undefined {
  if (!isObjectText(text)) return undefined
  const lexemes: Lexeme[] = []
  let depth = 0
  let field = ''
  for (let next = lexemeAt(text, 0); next !== undefined; next = lexemeAt(text, next.end)) {
    const opens = next.text === '{' || next.text === '['
    const closes = next.text === '}' || next.text === ']'
    if (closes) depth -= 1
    if (next.text === ':') {
      const [comma, name] = [lexemes.at(-2), lexemes.at(-1)] // the string before it was a name
      if (depth === 1) field = JSON.parse(name?.text ?? '""') as string
      if (name !== undefined) Object.assign(name, { field, isName: true })
      if (comma?.text === ',') comma.field = field
    } else if (depth > 0 && !(depth === 1 && next.text === ',')) next.field = field
    if (opens) depth += 1
    lexemes.push(next)
  }
  return lexemes
}

/**
 * Where the tokens of a part stand. A number has no end of its own: the character behind it says that no digit follows,
 * which a model may be sure of or not. A name goes without its quotes, whose tokens may hold what is in front of it.
 */
function spanOf({ text, start, end, isName }: Lexeme, field: string): ValueSpan {
  if (isName === true) return { field, start: start + 1, end: end - 1 }
  return { field, start, end: /^[-\d]/.test(text) ? end + 1 : end }
}

/** What counts among the parts of a call's arguments, each with the top-level member it belongs to. */
export function spansOf(lexemes: readonly Lexeme[]): ValueSpan[] {
  return lexemes.flatMap((part) => (part.field === undefined ? [] : [spanOf(part, part.field)]))
}

/**
 * Where a call says that no field more follows: the bracket that closes it. Of a call without fields, both brackets,
 * which are all there is.
 */
export function endOf(lexemes: readonly Lexeme[]): { start: number; end: number } {
  const [first, last] = [lexemes.at(0), lexemes.at(-1)]
  const opening = lexemes.length === 2 ? first : last
  return { start: opening?.start ?? 0, end: last?.end ?? 0 }
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
