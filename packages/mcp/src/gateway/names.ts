import { hash } from 'node:crypto'

/** One tool of one upstream, as both call themselves: what the policy and the audit log see. */
export type RawName = { server: string; tool: string }

/** How the names are made that clients see: what stands around and between server and tool. */
export type NameForm = { before: string; between: string; after: string; server: boolean }

const maxLength = 64
const suffixLength = 16
const allowed = /^[A-Za-z0-9_-]+$/
const suffixed = new RegExp(`_[a-f0-9]{${suffixLength}}$`)
/** Names of our own tools. */
const reserved = /^lelu_/i

/** Reads `{server}__{tool}`, or `{tool}` for a gateway of one server. Undefined: no form that tells tools apart. */
export function readNameForm(template: string, servers: number): NameForm | undefined {
  const both = /^([\w-]*)\{server\}([\w-]+)\{tool\}([\w-]*)$/.exec(template)
  const alone = /^([\w-]*)()\{tool\}([\w-]*)$/.exec(template)
  const [, before, between, after] = both ?? (servers === 1 ? alone : null) ?? []
  if (before === undefined || between === undefined || after === undefined) return undefined
  const form = { before, between, after, server: both !== null }
  return before.length + between.length + after.length <= 24 ? form : undefined
}

/**
 * The name clients see: at most 64 of `[A-Za-z0-9_-]`. It depends on the pair alone and not on which other tools there
 * are: with a name that came free when another server went away, a client with an old list would reach another tool
 * than it meant. A pair gets the plain name only when nothing else can have it; where something was cut or replaced, where
 * server and tool could be split otherwise, or where it looks like such a name, a hash of the pair ends it
 * (HKUDS/nanobot#4618, activepieces#11544: two raw names with one sanitised name, and the rule of one let the other pass).
 */
export function exposedName(raw: RawName, form: NameForm): string {
  const { before, between, after } = form
  const server = form.server ? raw.server : ''
  const plain = `${before}${server}${between}${raw.tool}${after}`
  const splitsOneWay =
    !form.server || `${server}${between}${raw.tool}`.indexOf(between) === server.length
  const isPlain =
    splitsOneWay &&
    plain.length <= maxLength &&
    allowed.test(plain) &&
    !suffixed.test(plain) &&
    !reserved.test(plain)
  if (isPlain) return plain
  const digest = hash('sha256', JSON.stringify([raw.server, raw.tool]), 'hex')
  const readable = plain.replace(/[^A-Za-z0-9_-]/g, '_')
  const shown = reserved.test(readable) ? `upstream_${readable}` : readable
  return `${shown.slice(0, maxLength - suffixLength - 1)}_${digest.slice(0, suffixLength)}`
}

/**
 * Every tool by the name clients see. Two with one name (which takes a collision of SHA-256) are both left out: no
 * call may reach another tool than the one that was meant.
 */
export function exposeNames<T extends RawName>(
  tools: readonly T[],
  form: NameForm,
): Map<string, T> {
  const exposed = new Map<string, T>()
  const taken = new Set<string>()
  for (const tool of tools) {
    const name = exposedName(tool, form)
    if (taken.has(name)) exposed.delete(name)
    else exposed.set(name, tool)
    taken.add(name)
  }
  return exposed
}
