import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'

/** `lelu stop | start`. */
export function addKillSwitch(program: Command, context: CommandContext): void {
  const words = {
    stop: 'deny every call of an agent, or of all, from the next decision on in every process',
    start: 'let the policy decide again',
  }
  for (const [word, description] of Object.entries(words)) {
    program
      .command(word)
      .description(description)
      .addOption(new Option('--agent <id>', 'one agent').conflicts('all'))
      .option('--all', 'everything')
      .option('--reason <text>', 'why, for the record')
      .action(async (options) => {
        const { flip } = await import('../kill-switch/flip.ts')
        await flip(context, word as keyof typeof words, options)
      })
  }
}
