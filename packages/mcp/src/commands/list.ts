import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'

/** `lelu-mcp list`. */
export function addList(program: Command, context: CommandContext): void {
  program
    .command('list')
    .description('show every client that is known, its files, and the entry in them')
    .option('--name <name>', 'what the entry is called', 'lelu')
    .option('--detect', 'only clients that are found')
    .action(async (options) => {
      await (await import('../clients/actions/list.ts')).list(context, options)
    })
}
