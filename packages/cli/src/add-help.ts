import type { Command } from 'commander'

/**
 * `help approvals approve`: commander's own `help` reads one word, and shows the help of `approvals` whatever follows. The
 * groups keep commander's: below them there is one word alone.
 */
export function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command('help [command...]')
    .description('display help for a command')
    .action((words: string[]) => {
      let found = program
      for (const word of words) {
        const next = found.commands.find((command) => command.name() === word)
        if (next === undefined) program.error(`error: unknown command '${words.join(' ')}'`)
        found = next
      }
      found.help()
    })
}
