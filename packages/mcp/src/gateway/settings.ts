import { resolve } from 'node:path'
import type { ToolEffect } from '@lelu/engine/adapter'
import type { Members } from './config-members.ts'
import { type NameForm, readNameForm } from './names.ts'

/** The `lelu` block of a gateway's configuration. */
export type Settings = {
  /** The folder of the policies, absolute. Undefined: `policies` beside the configuration, where it is there. */
  policies: string | undefined
  /** `shadow`: calls are decided and recorded, and run whatever was decided. Default `enforce`. */
  mode: 'enforce' | 'shadow'
  /** How tools are shown. Default `{server}__{tool}`. */
  prefix: NameForm
  /** The lock file of tool definitions, absolute. Default `lelu-mcp.lock` beside the configuration. */
  pin: string
  /** Whether tools that the policy hides from a principal are left out of its list. Default true. */
  hideDenied: boolean
  /** What becomes of an upstream's question to a person. Default `deny`. */
  upstreamElicitation: 'deny' | 'forward'
  /** How long a call of an upstream may take without a sign of life, ms. Default 60 000. */
  upstreamTimeoutMs: number
  /** What tools do to the world, by `server/tool`. What is not named is non_idempotent. */
  effects: Map<string, ToolEffect>
  /** Servers whose annotations are believed. */
  trusted: readonly string[]
  /** `self-report`: every tool gets a field in which the model says how sure it is. */
  confidence: 'self-report' | undefined
  /** How long a settled call answers the same call again, ms. Default 120 000. */
  repeatAfterMs: number
}

const known: Record<keyof Settings, true> = {
  policies: true,
  mode: true,
  prefix: true,
  pin: true,
  hideDenied: true,
  upstreamElicitation: true,
  upstreamTimeoutMs: true,
  effects: true,
  trusted: true,
  confidence: true,
  repeatAfterMs: true,
}

const effects = ['read', 'idempotent', 'non_idempotent'] as const

/** Reads the `lelu` block; `names` are those of servers that it may use, `directory` is where relative paths start. */
export function readSettings(
  lelu: Members,
  { names: servers, enabled }: { names: readonly string[]; enabled: number },
  directory: string,
): Settings {
  lelu.only(Object.keys(known))
  const prefix = readNameForm(lelu.text('prefix') ?? '{server}__{tool}', enabled)
  if (prefix === undefined) {
    throw lelu.fail(
      'has a `prefix` that cannot tell the tools of servers apart',
      'Write {server}, at least one of the letters, digits, _ and - between, and {tool}; {tool} alone for one server. At most 24 characters beside them.',
    )
  }
  const policies = lelu.text('policies')
  const trusted = lelu.texts('trusted') ?? []
  const stranger = trusted.find((name) => !servers.includes(name))
  if (stranger !== undefined) {
    throw lelu.fail('trusts a server that is not there', `The servers are: ${servers.join(', ')}.`)
  }
  return {
    policies: policies === undefined ? undefined : resolve(directory, policies),
    mode: lelu.word('mode', ['enforce', 'shadow']) ?? 'enforce',
    prefix,
    pin: resolve(directory, lelu.text('pin') ?? './lelu-mcp.lock'),
    hideDenied: lelu.flag('hideDenied') ?? true,
    upstreamElicitation: lelu.word('upstreamElicitation', ['deny', 'forward']) ?? 'deny',
    upstreamTimeoutMs: lelu.number('upstreamTimeoutMs', 1) ?? 60_000,
    effects: readEffects(lelu.object('effects', {}), servers),
    trusted,
    confidence: lelu.word('confidence', ['self-report']),
    repeatAfterMs: lelu.number('repeatAfterMs', 0) ?? 120_000,
  }
}

function readEffects(members: Members, servers: readonly string[]): Map<string, ToolEffect> {
  const entries = members.names().map((name): [string, ToolEffect] => {
    // A rule for a misspelt server would leave the effect that its author believes to have set.
    const meant = servers.filter((server) => name.startsWith(`${server}/`) && name !== `${server}/`)
    if (meant.length === 0) {
      throw members.fail(`names \`${name}\`, which is no server/tool`, 'Name it as server/tool.')
    }
    // The server `a` could call a tool of its own `b/c`, and be believed what was said of `c` of `a/b`.
    if (meant.length > 1) {
      const why = `names \`${name}\`, which could be a tool of ${meant.join(' or of ')}`
      throw members.fail(why, 'Give one of these servers another name.')
    }
    const effect = members.word(name, effects)
    if (effect === undefined) throw members.fail(`has no effect for ${name}`, 'Give one.')
    return [name, effect]
  })
  return new Map(entries)
}
