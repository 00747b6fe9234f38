import { resolve } from 'node:path'
import { CliError } from '@lelu/cli/terminal'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { GatewayConfig } from '../gateway/config.ts'
import type { AcceptOptions, Asked } from './accept-tools.ts'

type Options = AcceptOptions & { config: string }

/** `lelu-mcp accept <server>[/<tool>]`: shows what is different about pinned tools, and pins them as they are now. */
export function addAccept(program: Command, context: CommandContext): void {
  program
    .command('accept')
    .description(
      'look at tools whose definition changed, or that are new, and let them be used again',
    )
    .argument('<names...>', 'server, or server/tool')
    .option('--config <file>', 'the configuration of the gateway', 'lelu-mcp.json')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what is different, and change nothing')
    .action((names: string[], options: Options) => accept(context, names, options))
}

async function accept(context: CommandContext, names: string[], options: Options): Promise<void> {
  const { io, cwd } = context
  const { readGatewayConfig } = await import('../gateway/config.ts')
  const config = await readGatewayConfig(resolve(cwd, options.config), io.env)
  const asked = names.map((name) => readName(config, name))
  const { acceptTools } = await import('./accept-tools.ts')
  await acceptTools(context, config.settings.pin, asked, options)
}

/** Names of servers may have a slash in them: the longest that fits counts. */
function readName({ servers }: GatewayConfig, name: string): Asked {
  const fits = [...servers].filter(([server]) => name === server || name.startsWith(`${server}/`))
  const [found] = fits.sort(([a], [b]) => b.length - a.length)
  if (found === undefined) {
    throw new CliError(
      'LELU_USAGE_INVALID',
      `There is no server of the name ${JSON.stringify(name)}.`,
      {
        help: `The servers are: ${[...servers.keys()].join(', ')}.`,
      },
    )
  }
  const [server, entry] = found
  const tool = name === server ? undefined : name.slice(server.length + 1)
  return { server, entry, tool }
}
