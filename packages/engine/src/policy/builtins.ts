import { globRegex } from './builtin-glob.ts'
import { plainIp } from './builtin-ip.ts'
import { isJson, jsonMarshal, jsonText, numberText } from './builtin-json.ts'
import { regexOf } from './builtin-regex.ts'
import { clock, date, parseRfc3339, weekday } from './builtin-time.ts'
import type { BuiltinValue } from './builtin-value.ts'
import { sprintf } from './sprintf.ts'

/**
 * A built-in that OPA's Wasm leaves to the host. One that throws aborts the evaluation, so the call is denied:
 * were it undefined instead, a `deny` rule that uses it would not fire.
 */
export type Builtin = (...values: BuiltinValue[]) => BuiltinValue | undefined

/**
 * What policies can use beside OPA's native built-ins. A policy that needs another is refused when it is loaded.
 * Regular expressions stay with OPA's own engine: a JavaScript one can be made to run for minutes by an input.
 */
export const builtins: Readonly<Record<string, Builtin>> = {
  sprintf: (format, values) => sprintf(text(format), list(values)),
  'strings.any_prefix_match': (search, base) =>
    some(search, base, (one, other) => one.startsWith(other)),
  'strings.any_suffix_match': (search, base) =>
    some(search, base, (one, other) => one.endsWith(other)),
  'strings.count': (search, part) => countOf(text(search), text(part)),
  'time.parse_rfc3339_ns': (value) => parseRfc3339(text(value)),
  'time.clock': (value) => clock(value as BuiltinValue),
  'time.date': (value) => date(value as BuiltinValue),
  'time.weekday': (value) => weekday(value as BuiltinValue),
  // What @lelu/rego puts in the place of native built-ins that are wrong in Wasm. These are undefined where OPA's are.
  'lelu.glob_regex': (pattern, delimiters) =>
    typeof pattern === 'string' && isDelimiters(delimiters)
      ? globRegex(pattern, delimiters)
      : undefined,
  'lelu.is_json': ofText(isJson),
  'lelu.json_marshal': (value) => jsonMarshal(value as BuiltinValue),
  'lelu.json_text': ofText(jsonText),
  'lelu.number_text': ofText(numberText),
  'lelu.plain_ip': ofText(plainIp),
  'lelu.regex': ofText(regexOf),
}

/** Undefined for what is no text. */
function ofText(builtin: (text: string) => BuiltinValue | undefined): Builtin {
  return (value) => (typeof value === 'string' ? builtin(value) : undefined)
}

function isDelimiters(value: BuiltinValue | undefined): value is string[] | null {
  if (value === null) return true
  return (
    Array.isArray(value) && value.every((one) => typeof one === 'string' && [...one].length === 1)
  )
}

export function text(value: BuiltinValue | undefined): string {
  if (typeof value !== 'string')
    throw new TypeError('a built-in was called without the string it needs')
  return value
}

function list(value: BuiltinValue | undefined): BuiltinValue[] {
  if (!Array.isArray(value)) throw new TypeError('a built-in was called without the array it needs')
  return value
}

type Test = (one: string, other: string) => boolean

function some(
  search: BuiltinValue | undefined,
  base: BuiltinValue | undefined,
  test: Test,
): boolean {
  // All are read first: what is no text makes OPA's own undefined, also behind one that matches.
  const ones = typeof search === 'string' ? [search] : list(search).map(text)
  const others = typeof base === 'string' ? [base] : list(base).map(text)
  return ones.some((one) => others.some((other) => test(one, other)))
}

/** Go's strings.Count: an empty part is found between all characters. */
function countOf(search: string, part: string): number {
  return part === '' ? [...search].length + 1 : search.split(part).length - 1
}
