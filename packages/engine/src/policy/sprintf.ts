import type { BuiltinValue } from './builtin-value.ts'

const directive = /%(?<flags>[-+# 0]*)(?<width>\d*)(?:\.(?<precision>\d*))?(?<verb>[\s\S]|$)/gu

/** Widths come from the policy, but a typo must not ask for a gigabyte of spaces. */
const maxWidth = 1000
const maxPrecision = 50

type Format = { verb: string; flags: string; width: number; precision: number | undefined }

/**
 * Go's fmt.Sprintf as OPA calls it: numbers are int64 or float64, strings are strings, all else is the Rego text of
 * the term. A verb for another type gives Go's own `%!d(string=x)`; one that is not done here throws a RangeError.
 * Sets arrive as arrays and print so, and 100.0 as 100.
 */
export function sprintf(format: string, values: BuiltinValue[]): string {
  let next = 0
  const text = format.replace(directive, (...match) => {
    const { flags, width, precision, verb } = match.at(-1) as {
      [group: string]: string | undefined
    }
    if (verb === '%') return '%'
    if (verb === undefined || verb === '') return '%!(NOVERB)'
    if (next >= values.length) return `%!${verb}(MISSING)`
    const read = {
      verb,
      flags: flags ?? '',
      width: Number(width),
      precision: precision === undefined ? undefined : Number(precision),
    }
    if (read.width > maxWidth || (read.precision ?? 0) > maxPrecision)
      throw new RangeError('a width or precision of sprintf is too large')
    return one(values[next++] as BuiltinValue, read)
  })
  const extra = values
    .slice(next)
    .map(
      (value) =>
        `${goType(value)}=${one(value, { verb: 'v', flags: '', width: 0, precision: undefined })}`,
    )
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`
}

function one(value: BuiltinValue, format: Format): string {
  const text = isInteger(value)
    ? integerText(BigInt(value), format)
    : typeof value === 'number'
      ? floatText(value, format)
      : stringText(value, format)
  if (text !== undefined) return text
  if (!'sdfFtz'.includes(format.verb))
    throw new RangeError(`sprintf does not know %${format.verb} for this value`)
  return `%!${format.verb}(${goType(value)}=${one(value, { ...format, verb: 'v' })})`
}

function integerText(value: bigint, format: Format): string | undefined {
  const verb = format.verb === 's' && !isInt64(value) ? 'd' : format.verb
  const base = { v: 10, d: 10, x: 16, X: 16, o: 8, b: 2 }[verb]
  if (base === undefined) return undefined
  const digits = (value < 0n ? -value : value).toString(base).padStart(format.precision ?? 0, '0')
  const prefix = format.flags.includes('#') && base === 16 ? `0${format.verb}` : ''
  const sign = signText(value < 0n, format)
  // Go has no padding with zeros beside a precision.
  const padding =
    format.precision === undefined ? format : { ...format, flags: format.flags.replaceAll('0', '') }
  return pad(
    sign + prefix + (format.verb === 'X' ? digits.toUpperCase() : digits),
    padding,
    sign.length,
  )
}

function floatText(value: number, format: Format): string | undefined {
  const { verb, precision } = format
  const fixed = verb === 'f' || verb === 'F'
  if (!fixed && verb !== 'v' && verb !== 'g') return undefined
  if (!fixed && precision !== undefined)
    throw new RangeError('sprintf does not know a precision for this verb')
  const size = Math.abs(value)
  const sign = signText(value < 0, format)
  return pad(sign + (fixed ? toFixed(size, precision ?? 6) : shortest(size)), format, sign.length)
}

function stringText(value: BuiltinValue, format: Format): string | undefined {
  const { verb, precision } = format
  const whole = typeof value === 'string' ? value : termText(value)
  const text = precision === undefined ? whole : [...whole].slice(0, precision).join('')
  if (verb === 'v' || verb === 's') return pad(text, format, 0)
  if (verb === 'q') return pad(JSON.stringify(text), format, 0)
  if (verb !== 'x' && verb !== 'X') return undefined
  if (precision !== undefined)
    throw new RangeError('sprintf does not know a precision for this verb')
  const hex = Buffer.from(text).toString('hex')
  return pad(verb === 'X' ? hex.toUpperCase() : hex, format, 0)
}

function signText(negative: boolean, { flags }: Format): string {
  if (negative) return '-'
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
}

function pad(text: string, { flags, width }: Format, signLength: number): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0')) return ' '.repeat(missing) + text
  return text.slice(0, signLength) + '0'.repeat(missing) + text.slice(signLength)
}

/** Go rounds an exact half to the even digit, JavaScript up. */
function toFixed(value: number, precision: number): string {
  const text = value.toFixed(precision)
  const exact = value.toFixed(precision + 40)
  const half = /^50*$/.test(exact.slice(exact.length - 40))
  if (!half) return text
  const cut = exact.slice(0, exact.length - 40).replace(/\.$/, '')
  return '02468'.includes(cut.at(-1) as string) ? cut : text
}

/** Go's %v of a float64: an exponent below 1e-4 and from 1e21 on. */
function shortest(value: number): string {
  const text =
    value !== 0 && (value < 1e-4 || value >= 1e21) ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

function isInteger(value: BuiltinValue): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value)
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value
}

function goType(value: BuiltinValue): string {
  if (isInteger(value)) return isInt64(BigInt(value)) ? 'int64' : 'big.Int'
  return typeof value === 'number' ? 'float64' : 'string'
}

/** Rego's own text of a term: `[1, "a", {"b": null}]`. */
function termText(value: BuiltinValue): string {
  if (Array.isArray(value)) return `[${value.map(termText).join(', ')}]`
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}: ${termText(member)}`,
  )
  return `{${members.join(', ')}}`
}
