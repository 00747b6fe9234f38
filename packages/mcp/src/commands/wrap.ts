import { resolve } from 'node:path'
import { CliError } from '@lelu/cli/terminal'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { GatewayConfig } from '../gateway/config.ts'
import { membersOf } from '../gateway/config-members.ts'
import { readSettings } from '../gateway/settings.ts'
import type { AcceptOptions } from './accept-tools.ts'

type WrapOptions = {
  policies?: string
  agent?: string
  name: string
  pin: string
  env: string[]
  cwd: string
  shadow?: boolean
  accept?: boolean
} & AcceptOptions

/** Serves a gateway over standard streams until the client is gone. */
export type ServeGateway = (config: GatewayConfig, agent: string | undefined) => Promise<void>

function serveWrapped(context: CommandContext): ServeGateway {
  return async (config, agent) => {
    const { serveConfig } = await import('../server/serve.ts')
    await serveConfig(context, { stdio: true, ...(agent !== undefined && { agent }) }, config)
  }
}

/** `lelu-mcp wrap -- command…`: one server over standard streams, with the gateway in front of it. */
export function addWrap(
  program: Command,
  context: CommandContext,
  serve: ServeGateway = serveWrapped(context),
): void {
  program
    .command('wrap')
    .description(
      'put one server behind the policy, in place: write it after --, as its client starts it',
    )
    .argument('<command...>', 'the server and its arguments, after --')
    .option(
      '--policies <dir>',
      'the folder of your Rego files (default: policies, where it is there)',
    )
    .option('--name <name>', 'what the policy calls the server', 'wrapped')
    .option('--pin <file>', 'where the definitions of its tools are pinned', 'lelu-mcp.lock')
    .option(
      '--env <variable>',
      'hand this variable of our environment to the server',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--agent <id>', 'who the policy sees as the caller (default: local)')
    .option('--cwd <dir>', 'the folder the server runs in', '.')
    .option('--shadow', 'decide and record calls, and run them whatever was decided')
    .option(
      '--accept',
      'serve nothing: look at tools that changed or are new, and let them be used',
    )
    .option('--yes', 'with --accept: do not ask')
    .option('--dry-run', 'with --accept: show what is different, and change nothing')
    .action(async (command: string[], options: WrapOptions) => {
      const config = wrapConfig(context, command, options)
      if (options.accept === true) return acceptWrapped(context, config, options)
      if (options.yes === true || options.dryRun === true) {
        throw new CliError('LELU_USAGE_INVALID', '--yes and --dry-run belong to --accept.', {
          help: 'Add --accept, or leave them out.',
        })
      }
      await serve(config, options.agent)
    })
}

/** Of the server as it is wrapped: nowhere else is it written down how it is started. */
async function acceptWrapped(
  context: CommandContext,
  { servers, settings }: GatewayConfig,
  options: WrapOptions,
): Promise<void> {
  const { acceptTools } = await import('./accept-tools.ts')
  const asked = [...servers].map(([server, entry]) => ({ server, entry, tool: undefined }))
  await acceptTools(context, settings.pin, asked, options)
}

function wrapConfig(
  { io, cwd }: CommandContext,
  words: string[],
  options: WrapOptions,
): GatewayConfig {
  const [command = '', ...args] = words
  if (options.name === '' || command === '') {
    throw new CliError('LELU_USAGE_INVALID', 'The server or its name is empty.', {
      help: 'Write lelu-mcp wrap --name files -- npx -y the-server.',
    })
  }
  const env = options.env.map((name): [string, string] => {
    const value = Object.hasOwn(io.env, name) ? io.env[name] : undefined
    if (value !== undefined) return [name, value]
    throw new CliError('LELU_USAGE_INVALID', `The environment variable ${name} is not set.`, {
      help: 'Set it where the client starts this command, or leave --env out.',
    })
  })
  const entry = {
    kind: 'stdio' as const,
    command,
    args,
    env: Object.fromEntries(env),
    cwd: resolve(cwd, options.cwd),
  }
  const settings = {
    ...(options.policies !== undefined && { policies: resolve(cwd, options.policies) }),
    pin: resolve(cwd, options.pin),
    mode: options.shadow === true ? 'shadow' : 'enforce',
    // One server: its tools keep their names.
    prefix: '{tool}',
  }
  const members = membersOf(settings, { path: 'the command line', at: '', env: {} })
  return {
    servers: new Map([[options.name, entry]]),
    settings: readSettings(members, { names: [options.name], enabled: 1 }, cwd),
    // Not the command itself: the model reads this, and there may be secrets in its arguments.
    acceptCommand: () => 'the same lelu-mcp wrap … with --accept right behind wrap',
  }
}
