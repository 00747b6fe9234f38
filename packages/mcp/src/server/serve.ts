import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { CliError, safeText, withEngine, writeJson } from '@lelu/cli/terminal'
import type { Authenticator } from '../auth/authenticator.ts'
import { localPrincipal } from '../auth/no-auth.ts'
import type { CommandContext } from '../command-context.ts'
import type { Log } from '../eras/log.ts'
import type { ServerInfo } from '../eras/options.ts'
import { type GatewayConfig, readGatewayConfig } from '../gateway/config.ts'
import { serveHttp } from '../http/serve-http.ts'
import { serveStdio } from '../stdio/serve-stdio.ts'
import { version } from '../version.ts'
import { choosePolicy } from './choose-policy.ts'
import { type OpenServer, openServer } from './open-server.ts'
import { readAuthenticator } from './read-authenticator.ts'
import type { ServeFlags } from './serve-flags.ts'
import { type Started, startLines } from './start-lines.ts'
import { readStateKey } from './state-key.ts'

const info: ServerInfo = {
  name: 'lelu',
  title: 'Lelu',
  version,
  instructions:
    'Lelu decides which tool calls run. A call that waits for a person has not run: wait, or call the same tool again later with exactly the same input. Never try another way to the same end.',
}

/** Serves until the client is gone (`--stdio`) or somebody stops the process. */
export async function serve(context: CommandContext, flags: ServeFlags): Promise<void> {
  const { cwd, io } = context
  const config = await readConfig(cwd, flags, io.env)
  await serveConfig(context, flags, config)
}

/** The same for a configuration that is not in a file. */
export async function serveConfig(
  context: CommandContext,
  flags: ServeFlags,
  config: GatewayConfig | undefined,
): Promise<void> {
  const { cwd, io, globals } = context
  const directory = resolve(cwd, globals().directory)
  const notice = (text: string) => io.writeError(`lelu-mcp: ${safeText(text)}\n`)
  const log: Log = (level, message) => {
    if (level === 'warn' || level === 'error') notice(message)
  }
  const { auth: authentication = 'none' } = flags
  const auth = await readAuthenticator(flags, log, io.signal)
  if (flags.stdio === true && authentication !== 'none') {
    throw new CliError(
      'LELU_USAGE_INVALID',
      'Standard streams have one caller, who needs no token.',
      {
        help: 'Leave --auth out, and name the caller with --agent.',
      },
    )
  }
  const { policies: flagged } = flags
  const named = flagged === undefined ? config?.settings.policies : resolve(cwd, flagged)
  const policy = await choosePolicy({
    named,
    beside: dirname(resolve(cwd, flags.config ?? 'lelu-mcp.json')),
  })
  const { consoleUrl } = flags
  await withEngine({ directory, policies: policy.source }, async (lelu) => {
    const stateKey = await readStateKey(directory)
    const server = await openServer({
      lelu,
      policies: policy.source,
      notice,
      ...(config !== undefined && { config }),
      ...(consoleUrl !== undefined && { consoleUrl }),
    })
    const told = {
      policies: policy.folder === null ? null : relative(cwd, policy.folder),
      revision: lelu.policy.revision,
      directory: globals().directory,
      authentication,
      agent: authentication === 'none' ? (flags.agent ?? 'local') : null,
    }
    try {
      if (flags.stdio === true) await overStdio(context, flags, server, { stateKey, log })
      else await overHttp(context, flags, server, { stateKey, log, auth, told })
    } finally {
      await server.close()
    }
  })
}

async function readConfig(
  cwd: string,
  { config: named, shadow }: ServeFlags,
  env: CommandContext['io']['env'],
): Promise<GatewayConfig | undefined> {
  const path = resolve(cwd, named ?? 'lelu-mcp.json')
  if (named === undefined && !existsSync(path)) {
    if (shadow !== true) return undefined
    throw new CliError('LELU_USAGE_INVALID', 'There is no gateway to run in shadow mode.', {
      help: 'Name its configuration with --config, or leave --shadow out.',
    })
  }
  const config = await readGatewayConfig(path, env)
  return shadow === true ? { ...config, settings: { ...config.settings, mode: 'shadow' } } : config
}

type Parts = { stateKey: Uint8Array; log: Log }

async function overStdio(
  { io }: CommandContext,
  { agent, tenant }: ServeFlags,
  { surface }: OpenServer,
  parts: Parts,
): Promise<void> {
  const principal = localPrincipal({
    subject: { type: 'agent', id: agent ?? 'local' },
    ...(tenant !== undefined && { tenant }),
  })
  const served = serveStdio(surface, principal, { info, ...parts })
  await Promise.race([served.closed, aborted(io.signal)])
  await served.close()
}

async function overHttp(
  { io, globals }: CommandContext,
  flags: ServeFlags,
  { surface, gateway }: OpenServer,
  {
    auth,
    told,
    ...parts
  }: Parts & {
    auth: Authenticator
    told: Omit<Started, 'url' | 'servers'>
  },
): Promise<void> {
  const { host = '127.0.0.1', port = 3003, allowHost = [], allowOrigin = [], insecure } = flags
  const allowed = { allowHosts: allowHost, allowOrigins: allowOrigin }
  const listening = { host, port, ...allowed, insecure: insecure === true }
  const served = await serveHttp(surface, { info, auth, ...listening, ...parts })
  const started: Started = { url: served.url, ...told, servers: gateway?.status() ?? [] }
  if (globals().json) writeJson(io, started)
  else io.write(startLines(started))
  await aborted(io.signal)
  await served.close()
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
