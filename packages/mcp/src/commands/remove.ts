import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { addClientOptions, addPlaceOptions } from './client-options.ts'

/** `lelu-mcp remove`. */
export function addRemove(program: Command, context: CommandContext): void {
  const command = program
    .command('remove')
    .description('take the entry out again; without --global or --project, out of both files')
  addPlaceOptions(command).option('--dry-run', 'show what would change, and change nothing')
  addClientOptions(command, 'remove from').action(async (options) => {
    await (await import('../clients/actions/remove.ts')).remove(context, options)
  })
}
