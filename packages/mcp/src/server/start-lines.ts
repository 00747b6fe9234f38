import { counted, safeText } from '@lelu/cli/terminal'
import type { UpstreamStatus } from '../gateway/gateway.ts'
import { shellWord } from '../shell-word.ts'

/** What a server that has started tells of itself. */
export type Started = {
  url: string
  /** The folder, or null for the default policy. */
  policies: string | null
  revision: string
  /** As it was given. */
  directory: string
  /** How callers say who they are. */
  authentication: 'none' | 'token' | 'oauth'
  agent: string | null
  servers: UpstreamStatus[]
}

/** The same as `--json` prints, for a person. */
export function startLines(started: Started): string {
  const { url, policies, revision, directory, authentication, agent, servers } = started
  const callers =
    authentication === 'none'
      ? `agent ${agent}, without authentication: whoever reaches this port`
      : `by ${authentication === 'token' ? 'bearer token' : 'OAuth access token'}`
  const lines = [
    `Lelu listens at ${url} (and at /sse).`,
    '',
    `  policies   ${policies ?? 'none written: what only reads runs, everything else waits for a person'}`,
    `  revision   ${revision}`,
    `  approvals  ${directory}`,
    `  callers    ${callers}`,
    ...servers.map(
      ({ server, tools, away }, index) =>
        `  ${index === 0 ? 'servers' : '       '}    ${server}: ${away === undefined ? counted(tools, 'tool') : `away (${away})`}`,
    ),
    '',
    `Add it to a client    npx @lelu/mcp add --cursor${isUsual(url) ? '' : ` --url ${url}`}${authentication === 'token' ? ' --token-env LELU_TOKEN' : ''}`,
    `See what waits        npx @lelu/cli approvals list --directory ${shellWord(directory)}`,
    'Stop it               Ctrl-C',
  ]
  return `${lines.map(safeText).join('\n')}\n`
}

/** Whether it is where `add` looks unless told. */
function isUsual(url: string): boolean {
  const { hostname, port } = new URL(url)
  return port === '3003' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}
