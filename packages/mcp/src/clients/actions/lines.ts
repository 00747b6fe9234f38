import { counted, type Paint, safeLines, safeText } from '@lelu/cli/terminal'
import type { Handshake } from '../attempt.ts'
import type { Place, Scope } from '../client.ts'
import { shownPath } from '../scope.ts'
import type { ShownFailure } from './common.ts'

/** `.cursor/mcp.json (this project)` */
export function whereText(file: string, scope: Scope | null, place: Place): string {
  const whose = scope === 'project' ? 'this project' : 'this user'
  return `${safeText(shownPath(file, place))} (${whose})`
}

const failed = {
  unreachable: 'not connected: nothing answers there. Start it with: npx @lelu/mcp serve',
  not_started: 'not connected: its command cannot be started, or ends at once',
  unauthorized:
    'not connected: it answers, but refuses the token (or the lack of one). Name the variable that holds one: --token-env LELU_TOKEN',
  timeout: 'not connected: it did not answer in time',
  not_mcp: 'not connected: what answers there does not speak MCP',
}

/** `connected: lelu 0.1.0, MCP 2025-11-25, 9 tools` */
export function handshakeText(handshake: Handshake, paint: Paint): string {
  if (handshake.status === 'failed') return paint('yellow', failed[handshake.reason])
  const { server, protocol, tools, transport } = handshake
  const name = safeText(`${server.name} ${server.version}`.trim())
  const over = transport === 'sse' ? ' over the older HTTP with SSE' : ''
  return `${paint('green', 'connected:')} ${name}, MCP ${safeText(protocol)}${over}, ${counted(tools, 'tool')}`
}

/** A failure of one client, under its name. */
export function failureLines(failure: ShownFailure, paint: Paint): string[] {
  const { code, message } = failure
  return [`  ${paint('red', `× ${code}:`)} ${safeText(message)}`, ...helpLines(failure, paint)]
}

/** Why one of several clients was left out, which is no failure. */
export function skippedLines(failure: ShownFailure, paint: Paint): string[] {
  const { code, message } = failure
  return [`  ${paint('yellow', `${code}:`)} ${safeText(message)}`, ...helpLines(failure, paint)]
}

function helpLines({ help }: ShownFailure, paint: Paint): string[] {
  return safeLines(help)
    .split('\n')
    .map((line, index) => (index === 0 ? `  ${paint('cyan', 'help:')} ${line}` : `        ${line}`))
}
