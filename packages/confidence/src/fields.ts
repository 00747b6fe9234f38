/** Where in a text a value of one field stands: from `start` up to, not including, `end` (UTF-16 units). */
export type ValueSpan = { field: string; start: number; end: number }

// In this order: a string, then any other scalar, then structure. Whatever the text is, each match moves on.
const part = /"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+|[{}[\]:,]/gy

/**
 * The scalar values in the JSON text of a tool call's arguments, each with the top-level member it belongs to. Names,
 * brackets and blanks are left out: they are nearly certain and would hide one doubtful amount. Undefined when the text
 * is not the JSON of an object.
 */
export function valueSpans(text: string): ValueSpan[] | undefined {
  if (!isObjectText(text)) return undefined
  const spans: ValueSpan[] = []
  let depth = 0
  let field = ''
  let name = '' // the last string: a member's name, if a colon follows
  part.lastIndex = 0
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, part.lastIndex)) {
    part.lastIndex = at
    const found = part.exec(text)?.[0]
    if (found === undefined) return undefined
    if (found === '{' || found === '[') depth += 1
    else if (found === '}' || found === ']') depth -= 1
    else if (found === ':') {
      spans.pop() // the string before it was a name
      if (depth === 1) field = JSON.parse(name) as string
    } else if (found !== ',') {
      name = found
      spans.push({ field, start: at, end: at + found.length })
    }
  }
  return spans
}

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at += 1
  return at
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
