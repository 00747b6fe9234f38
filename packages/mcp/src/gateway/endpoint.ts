import { hash } from 'node:crypto'
import { canonicalJson } from '@lelu/audit'
import type { ServerEntry } from './config.ts'

/**
 * SHA-256, base64url, of where a server is: command, arguments, folder and names of its environment, or the address. What was
 * approved for one server must not run on another that has its name now (ai-gateway #2073). The values of environment
 * and headers are left out: they are secrets, which are renewed, and a digest of a short one would give it away.
 */
export function endpointOf(entry: ServerEntry): string {
  const where =
    entry.kind === 'http'
      ? [entry.kind, entry.url, Object.keys(entry.headers).sort()]
      : [entry.kind, entry.command, [...entry.args], entry.cwd, Object.keys(entry.env).sort()]
  return hash('sha256', `lelu.endpoint.v1\n${canonicalJson(where)}`, 'base64url')
}
