import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { addClientOptions, addPlaceOptions } from './client-options.ts'

/** `lelu-mcp import`. */
export function addImport(program: Command, context: CommandContext): void {
  const command = program
    .command('import')
    .description("move a client's servers behind the gateway, and leave it the one entry of Lelu")
  addPlaceOptions(command)
    .option('--config <file>', 'the configuration of the gateway', 'lelu-mcp.json')
    .option('--url <url>', 'where the gateway will be', 'http://localhost:3003/mcp')
    .option('--stdio', 'let the client start the gateway')
    .option('--dry-run', 'show what would change, and change nothing')
  addClientOptions(command, 'import from').action(async (options) => {
    await (await import('../clients/actions/import.ts')).importServers(context, options)
  })
}
