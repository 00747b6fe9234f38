import { LeluMcpError } from '../errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

type Place = { path: string; at: string; env: Environment }

/** The members of one object of the configuration, each checked as it is read. All reads are of own properties. */
export interface Members {
  names(): string[]
  only(known: readonly string[]): void
  /** Throws where it is missing and there is no default. */
  object(name: string, missing?: object): Members
  text(name: string): string | undefined
  texts(name: string): string[] | undefined
  /** Of texts; empty where it is missing. */
  record(name: string): Record<string, string>
  flag(name: string): boolean | undefined
  /** A whole number of at least `min`. */
  number(name: string, min: number): number | undefined
  word<T extends string>(name: string, words: readonly T[]): T | undefined
  fail(why: string, help: string): LeluMcpError
}

/** `LELU_MCP_CONFIG_INVALID`: which file and place, what is wrong, what to do. Values are not in it: they hold secrets. */
export function configInvalid(
  path: string,
  at: string,
  why: string,
  help: string,
  cause?: unknown,
): LeluMcpError {
  const place = at === '' ? path : `\`${at}\` of ${path}`
  return new LeluMcpError('LELU_MCP_CONFIG_INVALID', `${place} ${why}.`, {
    help,
    details: { path, at },
    ...(cause !== undefined && { cause }),
  })
}

/** `${VAR}` and `${env:VAR}`, as clients write them. */
const reference = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}/g

export function membersOf(value: unknown, place: Place): Members {
  const { path, at, env } = place
  const fail = (why: string, help: string) => configInvalid(path, at, why, help)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fail('is not an object', 'Write it as { … }.')
  }
  const inside = (name: string): Place => ({ path, at: at === '' ? name : `${at}.${name}`, env })
  const own = new Map<string, unknown>(Object.entries(value))
  const wrong = (name: string, what: string) =>
    configInvalid(path, inside(name).at, `must be ${what}`, 'Correct it, or leave it out.')

  /** An unset variable is an error: a server that gets no token instead may do something else. */
  function expanded(name: string, text: string): string {
    const filled = text.replace(reference, (_whole, variable: string) => {
      const found = Object.hasOwn(env, variable) ? env[variable] : undefined
      if (found !== undefined) return found
      const why = `names the environment variable ${variable}, which is not set`
      throw configInvalid(path, inside(name).at, why, 'Set it, or take the reference out.')
    })
    const left = /\$\{[^}]*\}/.exec(text.replace(reference, ''))
    if (left === null) return filled
    const why = `has a reference that is none of an environment variable: ${left[0].slice(0, 40)}`
    throw configInvalid(path, inside(name).at, why, 'Write a dollar sign and {VAR} or {env:VAR}.')
  }

  function text(name: string): string | undefined {
    const found = own.get(name)
    if (found === undefined) return undefined
    if (typeof found !== 'string' || found === '') throw wrong(name, 'a non-empty text')
    return expanded(name, found)
  }

  return {
    names: () => [...own.keys()],
    only(known) {
      for (const name of own.keys()) {
        // A misspelt setting that is ignored would be a weaker gateway than the one that was asked for.
        if (!known.includes(name)) {
          throw fail(`has an unknown member \`${name}\``, `Allowed are: ${known.join(', ')}.`)
        }
      }
    },
    object: (name, missing) => membersOf(own.get(name) ?? missing, inside(name)),
    text,
    texts(name) {
      const found = own.get(name)
      if (found === undefined) return undefined
      const isList = Array.isArray(found) && found.every((one) => typeof one === 'string')
      if (!isList) throw wrong(name, 'a list of texts')
      return (found as string[]).map((one) => expanded(name, one))
    },
    record(name) {
      const found = own.get(name)
      if (found === undefined) return {}
      const members = membersOf(found, inside(name))
      const entries = Object.entries(found as object).map(([key, value]) => {
        if (typeof value !== 'string') throw wrong(`${name}.${key}`, 'a text')
        return [key, expanded(`${name}.${key}`, value)]
      })
      return members.names().length === 0 ? {} : Object.fromEntries(entries)
    },
    flag(name) {
      const found = own.get(name)
      if (found === undefined || typeof found === 'boolean') return found
      throw wrong(name, 'true or false')
    },
    number(name, min) {
      const found = own.get(name)
      if (found === undefined) return undefined
      const isWhole = typeof found === 'number' && Number.isInteger(found) && found >= min
      if (!isWhole || found > 2 ** 31 - 1) throw wrong(name, `a whole number of at least ${min}`)
      return found
    },
    word(name, words) {
      const found = text(name)
      const word = words.find((one) => one === found)
      if (found !== undefined && word === undefined) throw wrong(name, `one of ${words.join(', ')}`)
      return word
    },
    fail,
  }
}
