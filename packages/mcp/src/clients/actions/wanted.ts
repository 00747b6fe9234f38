import { resolve } from 'node:path'
import { CliError } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import type { Wanted } from '../entry.ts'
import { ourPackage } from '../merge.ts'
import { isLoopback } from '../verify.ts'

export type WantedOptions = {
  url: string
  stdio?: boolean
  config?: string
  tokenEnv?: string
  header?: readonly string[]
}

/** The server that the flags ask for. Throws `LELU_USAGE_INVALID` for what cannot be written or would be unsafe. */
export function wantedOf(options: WantedOptions, context: CommandContext): Wanted {
  const { tokenEnv, header = [] } = options
  if (options.stdio === true) {
    if (tokenEnv !== undefined || header.length > 0) {
      throw misuse(
        'A server that the client starts itself takes no token.',
        'Leave --token-env and --header out, or --stdio.',
      )
    }
    return { kind: 'stdio', command: 'npx', args: commandArguments(options, context) }
  }
  if (options.config !== undefined) {
    throw misuse('--config is for a server that the client starts itself.', 'Add --stdio.')
  }
  const headers = Object.fromEntries(header.map(headerOf))
  const named = Object.keys(headers).map((name) => name.toLowerCase())
  if (new Set(named).size < header.length)
    throw misuse('A header was given twice.', 'Give it once.')
  if (tokenEnv !== undefined && named.includes('authorization')) {
    throw misuse('--token-env and --header both give the token.', 'Leave one of them out.')
  }
  if (tokenEnv !== undefined && !/^[A-Za-z_]\w{0,99}$/.test(tokenEnv)) {
    throw misuse(
      '--token-env is not the name of an environment variable.',
      'Give its name, such as LELU_TOKEN, never the token itself.',
    )
  }
  const url = urlOf(options.url)
  return { kind: 'http', url, headers, ...(tokenEnv !== undefined && { tokenEnv }) }
}

function commandArguments({ config }: WantedOptions, { globals, cwd }: CommandContext): string[] {
  const { directory, directoryGiven } = globals()
  // Absolute: the client starts the server in a folder of its own choice.
  return [
    ...['-y', ourPackage, 'serve', '--stdio'],
    ...(directoryGiven ? ['--directory', resolve(cwd, directory)] : []),
    ...(config === undefined ? [] : ['--config', resolve(cwd, config)]),
  ]
}

function urlOf(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw misuse('--url is not a URL.', 'Give one such as http://localhost:3003/mcp.')
  }
  if (!['http:', 'https:'].includes(url.protocol)) {
    throw misuse(
      '--url is not one of http or https.',
      'Give one such as http://localhost:3003/mcp.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw misuse(
      '--url has a user or password in it.',
      'Leave it out: whoever sees the file would have it. Use --token-env.',
    )
  }
  return text
}

function headerOf(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\x20-\x7e]+)$/.exec(text) ?? []
  if (name === undefined || value === undefined || name === '__proto__') {
    throw misuse('A header is not of the form Name: value.', "Write it as --header 'Name: value'.")
  }
  return [name, value.trimEnd()]
}

/** What should be said about a server before it is written. */
export function warningsOf(wanted: Wanted, shared: boolean): string[] {
  if (wanted.kind === 'stdio') return []
  const warnings: string[] = []
  const literal = Object.keys(wanted.headers).length > 0
  if (literal) {
    const who = shared ? 'everybody who gets this project' : 'whoever can read it'
    warnings.push(`the value of the header is in the file as it is, for ${who}`)
  }
  const secret = literal || wanted.tokenEnv !== undefined
  if (secret && wanted.url.startsWith('http:') && !isLoopback(wanted.url)) {
    warnings.push('the token goes over the network unencrypted: use https')
  }
  return warnings
}

function misuse(message: string, help: string): CliError {
  return new CliError('LELU_USAGE_INVALID', message, { help })
}
