/** Where in a text a value of one field stands: from `start` up to, not including, `end` (UTF-16 units). */
export type ValueSpan = { field: string; start: number; end: number }

/** The smallest parts of JSON text, without the blanks between them. `field` is set on parts of values alone. */
export type Lexeme = { text: string; start: number; end: number; field?: string }

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
 * The parts of the JSON text of a tool call's arguments; each scalar value names the top-level member it belongs to, and
 * so do the brackets of a value: they say where a list ends, and are all there is of an empty one. Undefined when the
 * text is not the JSON of an object.
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
    if (opens || closes) {
      if (depth > 0) next.field = field
    } else if (next.text === ':') {
      const name = lexemes.at(-1) // the string before it was a name
      delete name?.field
      if (depth === 1) field = JSON.parse(name?.text ?? '""') as string
    } else if (next.text !== ',') next.field = field
    if (opens) depth += 1
    lexemes.push(next)
  }
  return lexemes
}

/**
 * Where the tokens of a value stand. A number has no end of its own: the character behind it says that no digit follows,
 * which a model may be sure of or not.
 */
export function spanOf({ text, start, end }: Lexeme, field: string): ValueSpan {
  return { field, start, end: /^[-\d]/.test(text) ? end + 1 : end }
}

/**
 * The values in the JSON text of a tool call's arguments, each part with the top-level member it belongs to. Names, commas
 * and blanks are left out: they are nearly certain and would hide one doubtful amount. Undefined when the text is not the
 * JSON of an object.
 */
export function valueSpans(text: string): ValueSpan[] | undefined {
  return lexemesOf(text)?.flatMap((part) =>
    part.field === undefined ? [] : [spanOf(part, part.field)],
  )
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
