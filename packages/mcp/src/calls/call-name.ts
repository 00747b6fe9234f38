import { hash } from 'node:crypto'
import { canonicalJson } from '@lelu/audit'
import type { Json, Subject, ToolEffect } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'
import type { SeenTool } from './seen-tool.ts'

/** A call as it is named before it is decided: who, what, and with what input. */
export type CallIdentity = {
  principal: Principal
  server: string
  tool: string
  /** With another definition, at another place or under another policy it is another call. */
  seen: SeenTool
  /** What the tool does to the world, by the configuration: the engine takes a call with another one for a conflict. */
  effect: ToolEffect
  input: Json
}

/** The name the client gave its call, in `_meta`. */
const nameKey = 'lelu/call'
const maxName = 128

/**
 * The run of everything a principal calls. Not of a session: a client that reconnects, or the next of its processes,
 * must find the calls that wait. Nobody else's calls are in it.
 */
export function runOf({ key }: Principal): string {
  const run = `mcp:${key}`
  // The engine's bound for names.
  return run.length <= 1024 ? run : `mcp:sha256:${hash('sha256', key, 'base64url')}`
}

/** Who asks and for whom, without properties: those may change from one request to the next. */
function chainOf({ id, type, actingFor }: Subject): Json {
  return actingFor === undefined ? [id, type] : [id, type, chainOf(actingFor)]
}

/** The same for the same call: what the engine compares again, and what it does not (definition, endpoint, policy). */
export function sameCallHash(call: CallIdentity): string {
  const { principal, server, tool, seen, effect, input } = call
  const { definition, endpoint = null, policy } = seen
  const who = chainOf(principal.subject)
  const identity: Json[] = [who, server, tool, definition, endpoint, policy, input]
  // The strictest says nothing, so that calls that wait since an older version are found.
  if (effect !== 'non_idempotent') identity.push(effect)
  return hash('sha256', canonicalJson(identity), 'base64url')
}

/** The id of the n-th call that is the same. */
export function generationId(sameCall: string, generation: number): string {
  return `same-input:${sameCall}:${generation}`
}

/** The client's own name for a call; undefined when it gave none, `invalid` when what it gave is none. */
export function givenName(meta: Readonly<Record<string, unknown>>): string | undefined | 'invalid' {
  const name = Object.hasOwn(meta, nameKey) ? meta[nameKey] : undefined
  if (name === undefined) return undefined
  const isName = typeof name === 'string' && name !== '' && name.length <= maxName
  // With a prefix of its own: no name that a client makes up is that of a call without one.
  return isName && name.isWellFormed() ? `named:${name}` : 'invalid'
}
