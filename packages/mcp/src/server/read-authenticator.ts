import { CliError } from '@lelu/cli/terminal'
import type { Authenticator } from '../auth/authenticator.ts'
import { noAuth } from '../auth/no-auth.ts'
import { oauth } from '../auth/oauth.ts'
import { tokenFileAuth } from '../auth/token-file-auth.ts'
import type { Log } from '../eras/log.ts'
import type { ServeFlags } from './serve-flags.ts'

type Way = NonNullable<ServeFlags['auth']>
type Flag = 'principals' | 'issuer' | 'jwks' | 'resource' | 'agent'

/** Which flags each way needs, and which it takes; a flag of another way is not passed over. */
const ways: Record<Way, { needs: Flag[]; takes: Flag[] }> = {
  none: { needs: [], takes: ['agent'] },
  token: { needs: ['principals'], takes: [] },
  oauth: { needs: ['issuer', 'jwks', 'resource'], takes: [] },
}
const all: readonly Flag[] = ['principals', 'issuer', 'jwks', 'resource', 'agent']

/** How callers say who they are, until the signal. Throws `LELU_USAGE_INVALID` for flags that do not fit. */
export async function readAuthenticator(
  flags: ServeFlags,
  log: Log,
  signal: AbortSignal,
): Promise<Authenticator> {
  const { auth = 'none', tenant } = flags
  const { needs, takes } = ways[auth]
  for (const flag of all) {
    const given = flags[flag] !== undefined
    if (!given && needs.includes(flag)) {
      throw usage(`With --auth ${auth}, --${flag} is needed.`)
    }
    if (given && !needs.includes(flag) && !takes.includes(flag)) {
      throw usage(`With --auth ${auth}, --${flag} means nothing.`)
    }
  }
  if (auth === 'token') {
    if (tenant !== undefined)
      throw usage('With --auth token, the file says the tenant of each caller.')
    return tokenFileAuth(flags.principals as string, { log, signal })
  }
  const ofTenant = tenant !== undefined && { tenant }
  if (auth === 'oauth') {
    const { issuer, jwks, resource } = flags as Record<Flag, string>
    return oauth({ issuer, jwksUrl: jwks, resource, log, ...ofTenant })
  }
  return noAuth({ subject: { type: 'agent', id: flags.agent ?? 'local' }, ...ofTenant })
}

function usage(message: string): CliError {
  return new CliError('LELU_USAGE_INVALID', message, {
    help: '`lelu-mcp serve --help` lists the flags.',
  })
}
