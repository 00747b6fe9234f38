import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'

/** `lelu-mcp doctor`. */
export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('check every configuration, and connect as its client would, in both eras of MCP')
    .option('--name <name>', 'what the entry is called', 'lelu')
    .option(
      '--yes',
      "also start commands, and connect to other machines, that a folder's file names",
    )
    .option('--no-connect', 'read the files alone')
    .action(async (options) => {
      await (await import('../clients/actions/doctor.ts')).doctor(context, options)
    })
}
