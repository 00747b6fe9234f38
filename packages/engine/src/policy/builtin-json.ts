import type { BuiltinValue } from './builtin-value.ts'

/** `lelu.is_json`: OPA's Wasm takes `[1 2]`, `{1: 2}` and `[1] and more` as well. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const escapes = /\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)/g

/** `lelu.json_text`: JSON as OPA's Wasm reads it, undefined for what is none to OPA. */
export function jsonText(text: string): string | undefined {
  if (!isJson(text) || hasHugeExponent(text)) return undefined
  // Half a surrogate pair is one unknown character to OPA, and ends the evaluation in its Wasm.
  return text.replace(escapes, (found) => (/^\\u[dD].{3}$/.test(found) ? '\\ufffd' : found))
}

/** As Go has it, a number of 2^100000 and more is none. */
function hasHugeExponent(text: string): boolean {
  if (!/[eE][+-]?\d{5}/.test(text)) return false
  let found = false
  JSON.parse(text, (_key, value, context?: { source?: string }) => {
    found ||= typeof value === 'number' && /[eE][+-]?0*[1-9]\d{4}/.test(context?.source ?? '')
    return value
  })
  return found
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** `lelu.number_text`: a number as OPA's Wasm reads it, undefined for what `to_number` of OPA does not take. */
export function numberText(text: string): string | undefined {
  if (/^[+-]?0[xX]/.test(text)) {
    if (/[pP]/.test(text)) throw new RangeError('a number is hexadecimal with an exponent')
    return undefined
  }
  const plain = text.replace(/(?<=\d)_(?=\d)/g, '')
  if (!decimal.test(plain) || !Number.isFinite(Number(plain))) return undefined
  return plain.replace(/^\+/, '')
}

const unsafe = /[<>&\u2028\u2029]/g

/** `json.marshal` as Go does it: keys in order of their bytes, and what could be read as HTML escaped. */
export function jsonMarshal(value: BuiltinValue): string {
  if (value === Infinity || value === -Infinity) throw new RangeError('a number is too large')
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(jsonMarshal).join(',')}]`
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  )
  return `{${keys.map((key) => `${quoted(key)}:${jsonMarshal(value[key] as BuiltinValue)}`).join(',')}}`
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    unsafe,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
