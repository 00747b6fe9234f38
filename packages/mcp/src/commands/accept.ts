import { resolve } from 'node:path'
import { CliError, safeJson } from '@lelu/cli/terminal'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { AcceptedTool } from '../gateway/accept.ts'
import { acceptedLines } from '../gateway/accepted-lines.ts'
import type { GatewayConfig } from '../gateway/config.ts'

type Options = { config: string; yes?: boolean; dryRun?: boolean }

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
  const { io, cwd, globals } = context
  const { json } = globals()
  const { readGatewayConfig } = await import('../gateway/config.ts')
  const config = await readGatewayConfig(resolve(cwd, options.config), io.env)
  const asked = names.map((name) => readName(config, name))
  const yes = options.yes === true
  if (!yes && options.dryRun !== true && !io.terminal.stdin) {
    throw new CliError('LELU_USAGE_INVALID', 'Nobody can be asked here.', {
      help: 'Look with --dry-run, then accept with --yes.',
    })
  }
  const { acceptDefinitions } = await import('../gateway/accept.ts')
  const { listDefinitions } = await import('../gateway/list-definitions.ts')
  const all: AcceptedTool[] = []
  for (const { server, entry, tool } of asked) {
    const notice = (text: string) => io.writeError(`${server}: ${text}\n`)
    const listed = await listDefinitions({ entry, notice, signal: io.signal }).catch((cause) => {
      throw new CliError('LELU_INPUT_INVALID', `The server ${server} does not list its tools.`, {
        help: 'Start it, or correct its entry in the configuration.',
        cause,
      })
    })
    const { pin: path } = config.settings
    const given = { path, server, listed, ...(tool !== undefined && { tool }) }
    const found = await acceptDefinitions({ ...given, preview: true })
    if (!json) io.write(acceptedLines(server, found))
    if (found.length === 0 || options.dryRun === true) {
      all.push(...found)
      continue
    }
    const answer = yes ? 'yes' : await io.ask(`Accept ${found.length} of ${server}? [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) {
      context.setExitCode(1)
      continue
    }
    // What was shown is what is pinned: the list is the same one.
    all.push(...(await acceptDefinitions(given)))
    if (!json) io.write(`Accepted. ${path} has them now.\n`)
  }
  if (json) io.write(`${safeJson({ accepted: all, dryRun: options.dryRun === true }, 0)}\n`)
}

/** Names of servers may have a slash in them: the longest that fits counts. */
function readName({ servers }: GatewayConfig, name: string) {
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
