import type { BuiltinValue } from './builtin-value.ts'

const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

/** `time.parse_rfc3339_ns`: nanoseconds since 1970, exactly. */
export function parseRfc3339(value: string): bigint {
  const match = rfc3339.exec(value)
  if (match === null) throw new RangeError('a time is not RFC 3339')
  const [, day = '', time = '', fraction = '', zone = ''] = match
  const written = Date.parse(`${day}T${time}Z`)
  const at = Date.parse(`${day}T${time}${zone}`)
  // JavaScript rolls 30 February over into March; a policy must not see another day than the one written.
  if (!(Number.isFinite(at) && new Date(written).toISOString().startsWith(`${day}T${time}`))) {
    throw new RangeError('a time does not exist')
  }
  const nanoseconds = BigInt(at) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
  if (!isInt64(nanoseconds)) throw new RangeError('a time is out of range')
  return nanoseconds
}

/** `time.clock`: [hour, minute, second] of nanoseconds, or of [nanoseconds, zone]. */
export function clock(value: BuiltinValue): number[] {
  const at = inZone(value)
  return [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
}

/** `time.date`: [year, month, day]. */
export function date(value: BuiltinValue): number[] {
  const at = inZone(value)
  return [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()]
}

/** `time.weekday`, in English. */
export function weekday(value: BuiltinValue): string {
  return days[inZone(value).getUTCDay()] as string
}

/** A date whose UTC fields are the wall clock of the zone. */
function inZone(value: BuiltinValue): Date {
  const [nanoseconds, zone = 'UTC'] = Array.isArray(value) ? value : [value]
  if (typeof nanoseconds !== 'number' && typeof nanoseconds !== 'bigint')
    throw new TypeError('a time is not a number')
  if (!isInt64(nanoseconds)) throw new RangeError('a time is no number of nanoseconds')
  const at = new Date(milliseconds(nanoseconds))
  if (zone === 'UTC' || zone === '') return at
  // `Local` would make the answer depend on the machine.
  if (typeof zone !== 'string' || zone === 'Local')
    throw new RangeError('a time zone is not a name like Europe/Vienna')
  return wallClock(at, zone)
}

function isInt64(value: number | bigint): boolean {
  if (typeof value === 'number' && !Number.isInteger(value)) return false
  return BigInt.asIntN(64, BigInt(value)) === BigInt(value)
}

function milliseconds(nanoseconds: number | bigint): number {
  if (typeof nanoseconds === 'number') return Math.floor(nanoseconds / 1e6)
  const rest = nanoseconds % 1_000_000n
  return Number((nanoseconds - rest) / 1_000_000n) - (rest < 0n ? 1 : 0)
}

const formats = new Map<string, Intl.DateTimeFormat>()

function wallClock(at: Date, timeZone: string): Date {
  const known = formats.get(timeZone)
  const format = known ?? new Intl.DateTimeFormat('en-US', { ...fields, timeZone })
  // Names may come from an input: the list must not grow without end.
  if (known === undefined && formats.size < 100) formats.set(timeZone, format)
  const parts = Object.fromEntries(
    format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day, hour, minute, second } = parts
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second))
}

const fields: Intl.DateTimeFormatOptions = {
  ...{ calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
  ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
  ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
}
