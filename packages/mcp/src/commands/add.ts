import { collect } from '@lelu/cli/terminal'
import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { addClientOptions, addPlaceOptions } from './client-options.ts'

/** `lelu-mcp add`. */
export function addAdd(program: Command, context: CommandContext): void {
  const command = program
    .command('add')
    .summary('write the entry by which a client reaches Lelu into its configuration')
    .description(
      'write the entry by which a client reaches Lelu into its configuration: that of this folder where it looks like ' +
        "a project (.git, package.json and the like, or the client's own folder) and the client has a file for one, " +
        'else that of this user',
    )
  addPlaceOptions(command)
    .addOption(
      new Option('--url <url>', 'where the server is')
        .default('http://localhost:3003/mcp')
        .conflicts('stdio'),
    )
    .option('--stdio', 'let the client start the server: npx -y @lelu/mcp serve --stdio')
    .option('--config <file>', 'with --stdio: the configuration of its gateway')
    .option(
      '--token-env <variable>',
      "take the token from the client's environment, in its own syntax",
    )
    .option('--header <header>', "write 'Name: value' into the file as it is", collect, [])
    .option('--yes', 'replace a server of that name that is not ours')
    .option('--dry-run', 'show what would change, and change nothing')
    .addOption(
      new Option('--print', 'print the entry alone, for a file of your own').conflicts('dryRun'),
    )
    .addOption(
      new Option('--deeplink', 'print the link that opens Cursor or VS Code').conflicts([
        'dryRun',
        'print',
      ]),
    )
    .option('--verify', 'fail when the server does not answer')
    .option('--no-verify', 'do not connect')
  addClientOptions(command, 'add to').action(async (options) => {
    await (await import('../clients/actions/add.ts')).add(context, options)
  })
}
