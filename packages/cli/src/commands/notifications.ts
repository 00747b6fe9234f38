import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { ofTenant, wholeNumber } from '../option-values.ts'

/** `lelu notifications list | retry | discard | deliver`. */
export function addNotifications(program: Command, context: CommandContext): void {
  const group = program
    .command('notifications')
    .description('deliver what approvals have to tell, and deal with what could not be delivered')
  const load = () => import('../notifications/actions.ts')

  group
    .command('list')
    .description('list what could not be delivered, oldest first')
    .option('--tenant <tenant>', 'only those of one tenant')
    .option('--limit <count>', 'at most so many, 1 to 500', wholeNumber(1, 500), 50)
    .option('--after <id>', 'go on after this one')
    .action(async (options) => (await load()).list(context, options))

  group
    .command('retry <id>')
    .description('send one again, with all its tries; whoever delivers does it')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).retry(context, id, options))

  group
    .command('discard <id>')
    .description('take one off the list for good')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).discard(context, id, options))

  group
    .command('deliver')
    .description(
      'send what is due, once or until Ctrl-C; for hosts whose agents keep notices (`notices: true`) and do not send ' +
        'them. Exit code 1 when a target did not take something: it is tried again later',
    )
    .option(
      '--targets <file>',
      'the engine\'s option `notify` as JSON (LELU_NOTIFY); "env:NAME" in place of a URL or a secret reads it from there',
    )
    .option('--watch', 'go on until Ctrl-C')
    .action(async (options) =>
      (await import('../notifications/deliver.ts')).deliver(context, options),
    )
}
