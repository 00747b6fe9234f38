import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { wholeNumber } from '../option-values.ts'

/** `lelu audit verify | tail`. */
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
}
