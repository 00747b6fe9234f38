import { lexemeAt } from './fields.ts'

// What chat templates write around calls. No group repeats, so a hostile text costs no more than its length.
const markup = new RegExp(
  [
    '<[^<>{}]{1,40}>', // </tool_call>, <|im_end|>
    '\\[[A-Z_]{1,16}\\]', // [ARGS]
    '[\\s",:`>}\\]\\[]',
    '(?<=\\[CALL_ID\\])\\w{1,40}',
    '(?<=:)\\d{1,4}(?=<)', // functions.trade:1<|tool_call_argument_begin|>
    '(?<=, ?")id" ?: ?"\\w{1,64}"', // of a call in a list
    '\\bto=', // gpt-oss
    '\\b(?:arguments|parameters|args|input|json|commentary|assistant|function)\\b',
  ].join('|'),
  'uy',
)
const word = /[\w.-]{1,128}/uy

/**
 * Whether nothing but markup and other calls follows a call. A model that thinks may quote a call first, certain of
 * every token of it, and make it afterwards in a form that is not found: in tags, value by value. Not every server
 * shows what was thought, so what comes behind the call must tell: prose, a bare value or an empty call of the same
 * tool says that the one in front may be a quotation.
 */
export function endsInCalls(after: string, tool: string): boolean {
  let named = false // a name was read, and its arguments must follow
  for (let at = 0; at < after.length; ) {
    const objectEnd = after.charAt(at) === '{' ? endOfObject(after, at) : undefined
    if (objectEnd !== undefined) {
      named = false
      at = objectEnd
      continue
    }
    const found = matchAt(markup, after, at)
    if (found !== undefined) {
      if (found.startsWith('</') && (named || /think|reason/i.test(found))) return false
      named ||= found.startsWith('<') && found.includes(tool)
      at += found.length
      continue
    }
    const name = matchAt(word, after, at)
    if (name === undefined || named) return false
    named = true
    at += name.length
  }
  return !named
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Where the JSON object that starts here ends. */
export function endOfObject(text: string, from: number): number | undefined {
  let depth = 0
  for (let part = lexemeAt(text, from); part !== undefined; part = lexemeAt(text, part.end)) {
    if (part.text === '{') depth += 1
    if (part.text === '}') depth -= 1
    if (depth === 0) return isJson(text.slice(from, part.end)) ? part.end : undefined
  }
  return undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
