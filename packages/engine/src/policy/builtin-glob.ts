/**
 * `lelu.glob_regex`: a pattern of `glob.match` as a regular expression of RE2, which does not backtrack. OPA's own
 * translation in Wasm lets `*` stop at a line break, and takes `(` for a group. Undefined for what is no pattern, as in OPA.
 */
export function globRegex(
  pattern: string,
  delimiters: readonly string[] | null,
): string | undefined {
  const { any, one } = wildcards(delimiters)
  const characters = [...pattern]
  let depth = 0
  let text = ''
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] as string
    if (character === '*' && characters[at + 1] === '*') {
      text += '.*'
      at += 1
    } else if (character === '*') text += any
    else if (character === '?') text += one
    else if (character === '[') {
      const found = classAt(characters, at + 1)
      if (found === undefined) return undefined
      text += found.text
      at = found.end
    } else if (character === '{') {
      text += '(?:'
      depth += 1
    } else if (character === '}' && depth > 0) {
      text += ')'
      depth -= 1
    } else if (character === ',' && depth > 0) text += '|'
    else if (character === '\\') {
      const next = characters[at + 1]
      if (next === undefined) return undefined
      text += literal(next)
      at += 1
    } else text += literal(character)
  }
  return depth === 0 ? `^(?s:${text})$` : undefined
}

/** What `*` and `?` stand for: an empty list of delimiters means the dot, as in OPA, and null means none. */
function wildcards(delimiters: readonly string[] | null): { any: string; one: string } {
  if (delimiters === null) return { any: '.*', one: '.' }
  const list = delimiters.length === 0 ? ['.'] : delimiters
  const one = `[^${list.map(literal).join('')}]`
  return { any: `${one}*`, one }
}

/** A class behind its bracket: a range of two characters, or a list of them. `end` is where its own bracket stands. */
function classAt(
  characters: readonly string[],
  from: number,
): { text: string; end: number } | undefined {
  const negated = characters[from] === '!'
  const start = negated ? from + 1 : from
  const open = negated ? '[^' : '['
  if (characters[start + 1] === '-') {
    const [low, , high, close] = characters.slice(start, start + 4)
    if (low === undefined || high === undefined || close !== ']') return undefined
    if ((high.codePointAt(0) as number) < (low.codePointAt(0) as number)) return undefined
    return { text: `${open}${literal(low)}-${literal(high)}]`, end: start + 3 }
  }
  let inside = ''
  for (let at = start; at < characters.length; at += 1) {
    const character = characters[at] as string
    if (character === ']') return inside === '' ? undefined : { text: `${open}${inside}]`, end: at }
    if (character === '\\') at += 1
    if (characters[at] === undefined) return undefined
    inside += literal(characters[at] as string)
  }
  return undefined
}

/** One character that means itself, inside of a class as well. A NUL as it is would end the expression in Wasm. */
function literal(character: string): string {
  const code = character.codePointAt(0) as number
  return /^[\w\u0080-\u{10ffff}]$/u.test(character) ? character : `\\x{${code.toString(16)}}`
}
