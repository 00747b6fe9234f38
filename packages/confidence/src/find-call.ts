import { type Lexeme, lexemeAt, lexemesOf, spanOf, type ValueSpan } from './fields.ts'

type Span = { start: number; end: number }

/** Where a tool call stands in the text of an answer: its input's values, and its name where that was generated. */
export type PlacedCall = Span & { values: ValueSpan[]; name?: Span }

/** Deeper than any input that is decided on: bounds the work for text that is made to look like the call everywhere. */
const deepest = 64

/** As much as stands between a name and its arguments in any chat template. */
const longestFrame = 160

// Nothing but markup may stand between the name and the arguments: in prose a model may quote whatever it likes.
export const frame: string = [
  '[\\s",:`>]', // JSON or a tag around the arguments
  '<[^<>{}]{1,40}>', // <|message|>
  '\\[[A-Z_]{1,16}\\]', // [ARGS]
  '(?<=\\[CALL_ID\\])\\w{1,40}',
  '(?<=:)\\d{1,4}(?=<)', // functions.trade:0<|tool_call_argument_begin|>
  '\\b(?:arguments|parameters|args|input|json|commentary)\\b',
].join('|')

/**
 * Where the call stands in the text that a model generated, told by its name in front of the arguments, or by there
 * being nothing else. Blanks and escapes may differ: servers write the arguments anew. Otherwise the reason why it is
 * not known; a call that stands there twice is not known either.
 */
export function findCall(generated: string, tool: string, input: string): PlacedCall | string {
  const wanted = lexemesOf(input)
  if (wanted === undefined) return 'the arguments are not known as the JSON of an object'
  if (depthOf(wanted) > deepest) return 'the arguments are nested too deeply'
  const named = nameBefore(tool)
  const places: PlacedCall[] = []
  for (let at = generated.indexOf('{'); at >= 0; at = generated.indexOf('{', at + 1)) {
    const place = placeAt(generated, at, wanted)
    if (place === undefined) continue
    const name = named(generated, at)
    if (name !== undefined) places.push({ ...place, name })
    else if (generated.trim() === generated.slice(place.start, place.end)) places.push(place)
  }
  const [place, another] = places
  if (another !== undefined) return 'the tool call is there more than once'
  return place ?? 'the tokens do not spell the tool call'
}

function placeAt(
  generated: string,
  from: number,
  wanted: readonly Lexeme[],
): PlacedCall | undefined {
  const values: ValueSpan[] = []
  let end = from
  for (const { text, field } of wanted) {
    const found = lexemeAt(generated, end)
    if (found === undefined || !isSame(found.text, text)) return undefined
    if (field !== undefined) values.push(spanOf(found, field))
    end = found.end
  }
  return { start: from, end, values }
}

function isSame(one: string, other: string): boolean {
  if (one === other) return true
  if ('{}[]:,'.includes(one) || '{}[]:,'.includes(other)) return false
  try {
    return Object.is(JSON.parse(one), JSON.parse(other))
  } catch {
    return false
  }
}

function depthOf(lexemes: readonly Lexeme[]): number {
  let depth = 0
  let most = 0
  for (const { text } of lexemes) {
    if (text === '{' || text === '[') depth += 1
    else if (text === '}' || text === ']') depth -= 1
    most = Math.max(most, depth)
  }
  return most
}

function nameBefore(tool: string): (generated: string, at: number) => Span | undefined {
  const named = new RegExp(`${wholeName(tool)}(?:${frame})*$`)
  return (generated, at) => {
    const from = Math.max(0, at - tool.length - longestFrame)
    // Cut inside a word, its rest could look like a whole name.
    const found = named.exec(generated.slice(from, at))
    if (found === null || (found.index === 0 && from > 0)) return undefined
    const start = from + found.index
    return { start, end: start + tool.length }
  }
}

/** `delete` must not be found in `soft_delete`. */
function wholeName(tool: string): string {
  return `(?<=(?:^|[^\\w.-])(?:functions\\.)?)${escaped(tool)}`
}

/** Finds the name of a tool wherever it stands in a text. */
export function nameIn(tool: string): RegExp {
  return new RegExp(`${wholeName(tool)}(?![\\w.-])`, 'g')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
