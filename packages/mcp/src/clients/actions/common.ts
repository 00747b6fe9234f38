import { homedir } from 'node:os'
import { CliError, describeFailure, type Failure } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import { LeluMcpError } from '../../errors.ts'
import { isClaudeMissing } from '../claude-command.ts'
import type { Client, Place } from '../client.ts'
import { isDetected } from '../scope.ts'
import { clients } from '../table.ts'

export type ClientOptions = { all?: boolean; detect?: boolean; [flag: string]: unknown }

export function placeOf({ io, cwd }: CommandContext): Place {
  const home = io.env.HOME || io.env.USERPROFILE || homedir()
  return { home, cwd, platform: process.platform, env: io.env }
}

/** The clients that flags name. Throws `LELU_USAGE_INVALID` when there are none, and says which are found. */
export function selectClients(options: ClientOptions, place: Place): readonly Client[] {
  if (options.all === true) return clients
  const found = clients.filter((client) => isDetected(client, place))
  const named = clients.filter(({ id }) => options[flagKey(id)] === true)
  if (options.detect === true) {
    const chosen = clients.filter((client) => found.includes(client) || named.includes(client))
    if (chosen.length > 0) return chosen
    throw new CliError('LELU_USAGE_INVALID', 'No client was found on this computer.', {
      help: 'Name one, such as --cursor. `lelu-mcp list` shows all.',
    })
  }
  if (named.length > 0) return named
  const flags = found.map(({ id, title }) => `--${id} (${title})`)
  throw new CliError('LELU_USAGE_INVALID', 'No client was named.', {
    help:
      flags.length === 0
        ? 'Name one, such as --cursor. `lelu-mcp list` shows all.'
        : `Found here: ${flags.join(', ')}.\nName one or more, or all of these with --detect.`,
  })
}

/**
 * Whether a client may be left out without a failure: it was not named, but is one of all or of those found, and it is
 * of a kind that cannot have what was asked for.
 */
export function isSkippable(client: Client, options: ClientOptions, error: unknown): boolean {
  const named = options[flagKey(client.id)] === true
  if (named || (options.all !== true && options.detect !== true)) return false
  return error instanceof LeluMcpError && (unable.has(error.code) || isClaudeMissing(error))
}

const unable: ReadonlySet<string> = new Set([
  'LELU_MCP_CLIENT_UNSUPPORTED',
  'LELU_MCP_TOKEN_UNSUPPORTED',
])

/** As commander names the value of `--claude-code`. */
function flagKey(id: string): string {
  return id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** A name that every client takes, and that is no word of a language (`__proto__`). */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/.test(name)) return name
  throw new CliError('LELU_USAGE_INVALID', 'The name of the entry cannot be used.', {
    help: 'Use up to 40 letters, digits, - and _, and begin with a letter or digit.',
  })
}

export type ShownFailure = Pick<Failure, 'code' | 'message' | 'help'>

/** A failure of one client among several, to be reported beside the others. Misuse ends the command instead. */
export function failureOf(error: unknown): ShownFailure {
  const { code, message, help, exitCode } = describeFailure(error, 'lelu-mcp')
  if (exitCode === 2) throw error
  return { code, message, help }
}
