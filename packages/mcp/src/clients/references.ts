import type { Reference } from './client.ts'
import { type Data, define, isObject } from './documents/format.ts'

/** How a client writes "the value of this environment variable" inside a text. */
const syntax: Record<Reference, { write(name: string): string; pattern: RegExp }> = {
  'env-colon': { write: (name) => `\${env:${name}}`, pattern: /\$\{env:([A-Za-z_]\w*)\}/g },
  dollar: {
    write: (name) => `\${${name}}`,
    pattern: /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
  },
  braces: { write: (name) => `{env:${name}}`, pattern: /(?<!\$)\{env:([A-Za-z_]\w*)\}/g },
  // What VS Code asks for. Only `add` names such a question after a variable, so that it can be verified here.
  input: { write: (name) => `\${input:${name}}`, pattern: /\$\{input:([\w.-]+)\}/g },
}

export function writeReference(reference: Reference, name: string): string {
  return syntax[reference].write(name)
}

/** What a client makes of its entry, and the variables that it does not find. */
export type Expanded<T> = { value: T; unset: string[] }

/** Resolves the references in every text of a value, as the client does when it starts. Keys stay. */
export function expand<T>(
  value: T,
  references: readonly Reference[],
  env: Readonly<Record<string, string | undefined>>,
): Expanded<T> {
  const unset = new Set<string>()
  const visit = (part: unknown): unknown => {
    if (typeof part === 'string') return expandText(part, references, env, unset)
    if (Array.isArray(part)) return part.map(visit)
    if (!isObject(part)) return part
    const copy: Data = {}
    for (const [key, member] of Object.entries(part)) define(copy, key, visit(member))
    return copy
  }
  return { value: visit(value) as T, unset: [...unset] }
}

function expandText(
  text: string,
  references: readonly Reference[],
  env: Readonly<Record<string, string | undefined>>,
  unset: Set<string>,
): string {
  return references.reduce(
    (current, reference) =>
      current.replace(syntax[reference].pattern, (written, name: string, fallback?: string) => {
        const found = Object.hasOwn(env, name) ? env[name] : undefined
        const value = found === undefined || found === '' ? fallback : found
        if (typeof value === 'string') return value
        unset.add(name)
        return written
      }),
    text,
  )
}

/** A reference in a text: what it is, and where. */
export type Found = { text: string; from: number; name: string; fallback: string | undefined }

export function findReferences(text: string, reference: Reference): Found[] {
  return [...text.matchAll(syntax[reference].pattern)].map((match) => {
    const [found, name = '', fallback] = match
    return { text: found, from: match.index, name, fallback }
  })
}
