import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { wholeNumber } from '../option-values.ts'

/** `lelu audit verify | tail | show | search`. */
export function addAudit(program: Command, context: CommandContext): void {
  const group = program.command('audit').description('verify and read the audit log')

  group
    .command('verify [dir]')
    .description(
      'verify a log folder (default: audit/ of the directory), without a server or a secret. ' +
        'Exit code 0: every record is as it was written. 11: bytes that do not belong, 12: records edited, missing or ' +
        'moved, 16: an end cut off, 17: a stream is gone. 1: the log could not be read',
    )
    .action(async (folder) =>
      (await import('../audit/verify-audit.ts')).verifyAudit(context, folder),
    )

  group
    .command('tail')
    .description('print the newest records; with --json one record a line, as stored')
    .option('-n, --lines <count>', 'so many', wholeNumber(0, 100_000), 10)
    .option('-f, --follow', 'go on with what is added, until Ctrl-C')
    .action(async (options) => (await import('../audit/tail-audit.ts')).tailAudit(context, options))

  group
    .command('show <id>')
    .description(
      'tell the whole story of one call, proposal to outcome; of the id of a decision, approval, token, attempt or ' +
        'call. Exit code 1 when several calls have that id: they are listed',
    )
    .action(async (id) => (await import('../audit/show-story.ts')).showStory(context, id))

  group
    .command('search')
    .description(
      'print the records for which all of this holds, newest last; with --json as stored',
    )
    .option('--kind <kind>', 'such as decision, approval.decided, or all of approval')
    .option('--agent <id>', 'about calls of this agent')
    .option('--tool <name>', 'about calls of this tool')
    .option('--tenant <tenant>', 'of this tenant')
    .addOption(
      new Option('--decision <effect>', 'with this answer').choices([
        'allow',
        'deny',
        'require_approval',
      ]),
    )
    .option('--reviewer <id>', 'by this reviewer')
    .option('--from <time>', 'from this time on, such as 2026-11-22 or 2026-11-22T10:00:00Z')
    .option('--to <time>', 'before this time')
    .option('--text <word>', 'with this text anywhere, as it was written')
    .option('--limit <count>', 'the newest so many', wholeNumber(1, 100_000))
    .action(async (options) =>
      (await import('../audit/search-audit.ts')).searchAudit(context, options),
    )
}
