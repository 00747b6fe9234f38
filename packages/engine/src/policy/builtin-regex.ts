const token =
  /\\Q[\s\S]*?(?:\\E|$)|\\[pP](?:\{[^}]*\}|[\s\S])|\\[\s\S]|\[:\^?\w+:\]|\[\^?\]?|\]|\(\?<(?![=!])|\0/g

/** Classes that mean the same to OPA and to the RE2 of its Wasm, beside the names of scripts. */
const equalClass = /^(?:[LMNPSZ]|L[ulmto]|M[nce]|N[dlo]|P[cdseifo]|S[mcko]|Z[slp])$/

/**
 * `lelu.regex`: a pattern as OPA's Wasm has to read it. There a NUL ends a pattern, `(?<name>a)` and `\p{Letter}` are none, so that
 * a `deny` would not fire, and `\C` is one. A class that it may not know throws, so the call is denied.
 */
export function regexOf(pattern: string): string {
  let inClass = false
  let text = ''
  let from = 0
  for (const { 0: found, index } of pattern.matchAll(token)) {
    text += pattern.slice(from, index)
    from = index + found.length
    if (found === '\\C') return '('
    if (found.startsWith('\\Q')) text += found.replaceAll('\0', '\\E\\x00\\Q')
    else if (found === '\0' || found === '\\\0') text += '\\x00'
    else if (found === '(?<' && !inClass) text += '(?P<'
    else {
      if (/^\\[pP]/.test(found)) checkClass(found.slice(2).replace(/^\{\^?(.*)\}$/, '$1'))
      if (found.startsWith('[') && !found.startsWith('[:')) inClass = true
      if (found === ']') inClass = false
      text += found
    }
  }
  return text + pattern.slice(from)
}

function checkClass(name: string): void {
  if (equalClass.test(name)) return
  try {
    if (/^\w{3,}$/.test(name)) new RegExp(`\\p{Script=${name}}`, 'u')
    else throw new SyntaxError('not the name of a script')
  } catch {
    throw new RangeError('a pattern has a class that cannot be used here: write it into the policy')
  }
}
