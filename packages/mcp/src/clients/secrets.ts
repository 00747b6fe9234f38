import { type Data, isObject } from './documents/format.ts'

const secretKeys =
  /^(http_)?headers$|^envs?$|^environment$|token|secret|password|api[-_]?key|authorization|credential/i
/** A whole value that only points to a secret, such as `Bearer ${env:TOKEN}`. */
const reference = /^(\w+ )?\$?\{[^}]*\}$/

/**
 * Texts of a configuration that must not be shown: what is under headers, environments and the like, queries of URLs,
 * and arguments that look like a key. For what is printed of a file that holds other servers too.
 */
export function secretsOf(data: Data): string[] {
  const found = new Set<string>()
  const visit = (value: unknown, hidden: boolean): void => {
    if (typeof value === 'string') {
      if (hidden && value !== '' && !reference.test(value)) found.add(value)
      const [, query] = /^https?:\/\/[^?#]*[?#](.+)$/i.exec(value) ?? []
      const [, user] = /^https?:\/\/([^/@]+)@/i.exec(value) ?? []
      for (const part of [query, user]) if (part !== undefined) found.add(part)
      if (looksLikeKey(value)) found.add(value)
    } else if (Array.isArray(value)) {
      for (const member of value) visit(member, hidden)
    } else if (isObject(value)) {
      for (const [key, member] of Object.entries(value)) visit(member, hidden || isSecretKey(key))
    }
  }
  visit(data, false)
  return [...found].sort((one, other) => other.length - one.length)
}

/** `bearer_token_env_var` names a variable: no secret. */
function isSecretKey(key: string): boolean {
  return (
    secretKeys.test(key) &&
    !/env(_?var|_keys)?$/i.test(key.replace(/^env(s|ironment)?$/i, 'secret'))
  )
}

function looksLikeKey(text: string): boolean {
  return /(^|[=: ])(?=[\w.~+-]*\d)(?=[\w.~+-]*[A-Za-z])[\w~+-]{24,}/.test(text)
}

/** The text with every secret in it made unreadable. */
export function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => {
    const forms = [JSON.stringify(secret).slice(1, -1), secret]
    return forms.reduce((left, form) => left.replace(patternOf(form), '$1‹hidden›'), shown)
  }, text)
}

/** A short one, such as `1`, only where it is a whole value: it may be a part of anything. */
function patternOf(secret: string): RegExp {
  const exact = secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return secret.length < 6
    ? new RegExp(`([:=] *["']?)${exact}(?=["',}]|$)`, 'gm')
    : new RegExp(`()${exact}`, 'g')
}
