import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { duration, ofTenant, wholeNumber } from '../option-values.ts'

/** `lelu grants list | show | create | revoke`. */
export function addGrants(program: Command, context: CommandContext): void {
  const group = program
    .command('grants')
    .description('allow calls like an approved one for a while, without asking each time')
  const load = () => import('../grants/actions.ts')

  group
    .command('list')
    .description('list standing grants, oldest first')
    .option('--tenant <tenant>', 'only those of one tenant')
    .option('--limit <count>', 'at most so many, 1 to 500', wholeNumber(1, 500), 50)
    .option('--after <id>', 'go on after this grant')
    .action(async (options) => (await load()).list(context, options))

  group
    .command('show <id>')
    .description('show a grant whole')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).show(context, id, options))

  group
    .command('create <approval>')
    .description(
      'let the same agent call the same tool with the same input as in this approved call, or with those fields of it that the policy names',
    )
    .requiredOption('--for <span>', 'how long, such as 30m or 2h; at most 8h', duration(8))
    .requiredOption('--uses <count>', 'how many calls, 1 to 1000', wholeNumber(1, 1000))
    .option('--reason <text>', 'why, for the record')
    .addOption(ofTenant())
    .action(async (approval, options) => (await load()).create(context, approval, options))

  group
    .command('revoke <id>')
    .description('end a grant, at the very next call of every process')
    .option('--reason <text>', 'why, for the record')
    .addOption(ofTenant())
    .action(async (id, options) => (await load()).revoke(context, id, options))
}
