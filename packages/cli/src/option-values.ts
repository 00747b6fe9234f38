import type { TenantScope } from '@lelu/engine'
import { InvalidArgumentError, Option } from 'commander'

/** Reads an option that is a whole number; anything else is misuse of the command line. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

const msOf = { s: 1000, m: 60_000, h: 3_600_000 }

/** Reads a span such as 90s, 30m or 2h, as milliseconds. */
export function duration(mostHours: number): (text: string) => number {
  return (text) => {
    const [, count = '', unit = ''] = /^([1-9]\d{0,6})([smh])$/.exec(text) ?? []
    const ms = Number(count) * (msOf[unit as keyof typeof msOf] ?? 0)
    if (ms > 0 && ms <= mostHours * msOf.h) return ms
    throw new InvalidArgumentError(`It must be a span such as 30m or 2h, at most ${mostHours}h.`)
  }
}

/** Reads a reason. None at all is misuse, against a variable of the shell that is not set: the model, or the record, is to have it. */
export function reason(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('It is empty.')
}

/** `--tenant`, for what is named by its id. */
export function ofTenant(): Option {
  return new Option('--tenant <tenant>', 'only if it is of this tenant; else it is not there')
}

/** What the engine is told of `--tenant`. */
export function scopeOf({ tenant }: { tenant?: string | undefined }): TenantScope {
  return tenant === undefined ? {} : { tenant }
}

/** Gathers an option that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

/** Reads how objects must be held, such as COMPLIANCE:365. */
export function immutability(text: string): { mode: 'COMPLIANCE' | 'GOVERNANCE'; days: number } {
  const [, mode, days = ''] = /^(COMPLIANCE|GOVERNANCE):([1-9]\d{0,4})$/.exec(text) ?? []
  if (mode !== undefined) return { mode: mode as 'COMPLIANCE', days: Number(days) }
  throw new InvalidArgumentError('It must be COMPLIANCE or GOVERNANCE, a colon, and days.')
}
