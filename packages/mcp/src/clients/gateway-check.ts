import { parseGatewayConfig } from '../gateway/config.ts'
import type { Place } from './client.ts'
import { type Data, isObject, own } from './documents/format.ts'

/** A configuration of the gateway, as text and as what the text says. */
export type GatewayText = { path: string; text: string; data: Data }

/**
 * Reads a configuration by the gateway's own reader. Throws what `serve` would, but for variables that are not set: the
 * gateway may run where they are. Those are answered.
 */
export function readAsGateway({ path, text, data }: GatewayText, { env }: Place): string[] {
  const used = textOf(data)
  const names = [...used.matchAll(/\$\{(?:env:)?([A-Za-z_]\w*)\}/g)].map(([, name = '']) => name)
  const unset = [...new Set(names)].filter((name) => env[name] === undefined)
  const assumed = unset.map((name) => [name, beginsUrl(used, name) ? 'http://localhost/' : '1'])
  parseGatewayConfig(text, { path, env: { ...env, ...Object.fromEntries(assumed) } })
  return unset
}

/** What the gateway will read of it: not the servers that are turned off. */
function textOf(data: Data): string {
  const servers = own(data, 'mcpServers')
  const on = Object.values(isObject(servers) ? servers : {}).filter((server) => {
    return isObject(server) && own(server, 'disabled') !== true && own(server, 'enabled') !== false
  })
  return JSON.stringify([on, own(data, 'lelu')])
}

/** Whether a URL is nothing, up to its path, without the variable. */
function beginsUrl(text: string, name: string): boolean {
  return new RegExp(`"(url|serverUrl)":"\\$\\{(env:)?${name}\\}`).test(text)
}
