import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'

/** `lelu init`. */
export function addInit(program: Command, context: CommandContext): void {
  program
    .command('init [dir]')
    .description(
      'make a starter policy with tests, where there is no policy yet, and the Lelu directory with its keys; never overwrites a file',
    )
    .action(async (folder) => (await import('../init/init.ts')).init(context, folder))
}
