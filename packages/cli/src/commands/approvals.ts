import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { ofTenant, reason, wholeNumber } from '../option-values.ts'

/** `lelu approvals list | show | approve | deny | cancel | reconcile | wait`. */
export function addApprovals(program: Command, context: CommandContext): void {
  const group = program
    .command('approvals')
    .description('look at suspended calls and decide them, as the user of this computer')
  const load = () => import('../approvals/actions.ts')

  group
    .command('list')
    .description('list approvals, oldest first')
    .option('--state <state>', 'pending, approved, denied, … or `all`', 'pending')
    .option('--tenant <tenant>', 'only those of one tenant')
    .option('--limit <count>', 'at most so many, 1 to 500', wholeNumber(1, 500), 50)
    .option('--after <id>', 'go on after this approval')
    .action(async (options) => (await load()).list(context, options))

  group
    .command('show <id>')
    .description('show a call whole: its input, never cut, and why it stopped')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).show(context, id, options))

  group
    .command('approve <id>')
    .description('approve a call; on a terminal it is shown first, and a yes is asked for')
    .option('--reason <text>', 'why, for the record')
    .option('--digest <digest>', 'refuse unless the input still has this digest')
    .option('--yes', 'do not ask')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).approve(context, id, options))

  group
    .command('deny <id>')
    .description('deny a call')
    .requiredOption('--reason <text>', 'why; the model reads it', reason)
    .option('--digest <digest>', 'refuse unless the input still has this digest')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).deny(context, id, options))

  group
    .command('cancel <id>')
    .description('end a pending or approved call that is not wanted any more')
    .option('--reason <text>', 'why; the model reads it')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).cancel(context, id, options))

  group
    .command('reconcile <id>')
    .description('say what came of a call whose process was lost while the tool ran')
    .requiredOption(
      '--as <word>',
      'completed: it took effect; failed: it did not; retry: it did not, and may run now',
    )
    .requiredOption('--reason <text>', 'what was looked at, for the record', reason)
    .option('--value <json>', 'what the tool would have answered; only with `completed`')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).reconcile(context, id, options))

  group
    .command('wait <id>')
    .description('wait until a call is decided; 0 when approved, 1 when not')
    .option(
      '--timeout <seconds>',
      'give up after so long (default: when the approval expires)',
      wholeNumber(0, 31_536_000),
    )
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).wait(context, id, options))
}
