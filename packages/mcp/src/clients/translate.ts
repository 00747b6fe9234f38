import type { Client, Place, Reference, Scope } from './client.ts'
import type { Server } from './entry.ts'
import { findReferences, writeReference } from './references.ts'

/** What is not literal in the texts of one server, to its client, here. */
export type Words = {
  title: string
  reads: readonly Reference[]
  readsBare: boolean
  fills: Readonly<Record<string, string>>
  fillsAlone: RegExp | undefined
  /** Whether the client has variables of its own, known here or not. */
  hasVariables: boolean
}

export function wordsOf(client: Client, kind: Server['kind'], scope: Scope, place: Place): Words {
  const { title, reads, readsInCommands = reads, fills, fillsAlone } = client
  return {
    title,
    reads: kind === 'stdio' ? readsInCommands : reads,
    readsBare: client.readsBare === true && (kind === 'http' || readsInCommands.length > 0),
    fills: fills?.(place, scope) ?? {},
    fillsAlone,
    hasVariables: fills !== undefined,
  }
}

/** The part of a text that would not mean to the gateway what it means to the client. Never a secret. */
export type Untranslatable = { part: string; why: string }

/** A text in the words of the gateway, and the variables whose value of today is in it. */
export type Translated = { text: string; filled: string[] } | Untranslatable

/**
 * The gateway knows `${NAME}`, from the environment, and has no way to write a literal `${…}`. So each part must be
 * one of its references, or free of them.
 */
export function translate(text: string, words: Words): Translated {
  const filled: string[] = []
  let written = ''
  let literal = ''
  let end = 0
  for (const part of partsOf(text, words)) {
    if ('why' in part) return { part: shown(part.text), why: part.why }
    const before = text.slice(end, part.from)
    written += before + part.written
    literal += before
    if (part.fills) {
      literal += part.written
      filled.push(part.text)
    }
    end = part.from + part.text.length
  }
  const rest = text.slice(end)
  // As the gateway looks for what is left: with its references taken out.
  const [left] = /\$\{[^}]*\}/.exec(literal + rest) ?? []
  if (left === undefined) return { text: written + rest, filled }
  const why = words.hasVariables
    ? `only ${words.title} can fill that in`
    : `that is plain text to ${words.title}, and would be a reference to the gateway`
  return { part: shown(left), why }
}

type Part = { text: string; from: number } & ({ written: string; fills: boolean } | { why: string })

function partsOf(text: string, words: Words): Part[] {
  const references = words.reads.flatMap((reference) =>
    findReferences(text, reference).map((found): Part => {
      const { name, fallback } = found
      if (reference === 'input') {
        return { ...found, why: `${words.title} asks for a value of it, which the gateway cannot` }
      }
      if (fallback !== undefined) return { ...found, why: 'the gateway knows no defaults' }
      return { ...found, written: writeReference('dollar', name), fills: false }
    }),
  )
  const bare = words.readsBare ? /\$([A-Za-z_]\w*)/g : /(?!)/g
  const bares = [...text.matchAll(bare)].map(({ 0: found, 1: name = '', index }): Part => {
    return { text: found, from: index, written: writeReference('dollar', name), fills: false }
  })
  const variables = [...text.matchAll(/\$\{([\w/]+)\}/g)].flatMap((match): Part[] => {
    const [found, name = ''] = match
    const value = Object.hasOwn(words.fills, name) ? words.fills[name] : undefined
    return value === undefined
      ? []
      : [{ text: found, from: match.index, written: value, fills: true }]
  })
  const alone = [...text.matchAll(words.fillsAlone ?? /(?!)/g)].map(({ 0: found, index }): Part => {
    return { text: found, from: index, why: `only ${words.title} can fill that in` }
  })
  // None is inside another one: what they begin with tells them apart.
  return [...references, ...bares, ...variables, ...alone].sort(
    (one, other) => one.from - other.from,
  )
}

/** Without what may be a secret: a default is the value itself. */
function shown(part: string): string {
  const [head = ''] = /^\$?\{(\w+:(?!-))?[\w./]{0,40}/.exec(part) ?? []
  if (part === `${head}}`) return part
  return `${head}${part.startsWith(`${head}:-`) ? ':-' : ''}…}`
}
