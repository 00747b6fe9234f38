import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { collect, immutability, reason, wholeNumber } from '../option-values.ts'

/** `lelu audit verify | proof | tail | show | search | export | forward | erase | rotate-key`. */
export function addAudit(program: Command, context: CommandContext): void {
  const group = program
    .command('audit')
    .description('verify and read the audit log, and erase the values it commits to')

  group
    .command('verify [place]')
    .description(
      'verify a log: its folder (default: audit/ of the directory), an archive in a folder, or s3://bucket/prefix. ' +
        'Without a server or a secret; of a folder, without a network. Exit code 0: every record is as it was written. ' +
        '10: an object was rewritten or deleted, 11: bytes that do not belong, 12: records edited, missing or moved, ' +
        '13: not the records that were signed, 14: not signed by whom is trusted, 15: replaced, or an older state put ' +
        'back, 16: an end cut off, 17: a stream is gone, 18: not held as demanded. 1: the log could not be read, or ' +
        'holds no record',
    )
    .option('--policy <file>', 'whose signatures count: a trust policy (c2sp.org/tlog-policy)')
    .option('--since <file>', 'a checkpoint that was kept: its records must still be there')
    .option('--proof <file>', 'verify proofs of single records instead, without a log', collect, [])
    .option('--keys <folder>', "with --proof: the log's key files, where keys were rotated")
    .addOption(
      new Option(
        '--require-immutable <mode:days>',
        'each object is held so, such as COMPLIANCE:365',
      ).argParser(immutability),
    )
    .option('--endpoint <url>', 'of an S3 that is not that of AWS (AWS_ENDPOINT_URL_S3)')
    .option('--log <name>', 'of an archive with several logs, this one')
    .action(async (place, options) =>
      (await import('../audit/verify-audit.ts')).verifyAudit(context, place, options),
    )

  group
    .command('proof <decision>')
    .description(
      'prove that a decision is in the log: its record with a path to the newest signed checkpoint ' +
        '(c2sp.org/tlog-proof), to be checked without the log',
    )
    .option('--out <file>', 'write it to a new file')
    .option('--from <place>', 'the log, as for verify')
    .option('--endpoint <url>', 'as for verify')
    .option('--log <name>', 'as for verify')
    .action(async (id, options) =>
      (await import('../audit/prove-decision.ts')).proveDecision(context, id, options),
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
    .option('--reveal', 'also show the values behind commitments, as far as they are still kept')
    .action(async (id, options) =>
      (await import('../audit/show-story.ts')).showStory(context, id, options),
    )

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
    .option('--limit <count>', 'the newest so many (default: all)', wholeNumber(1, 100_000))
    .action(async (options) =>
      (await import('../audit/search-audit.ts')).searchAudit(context, options),
    )

  group
    .command('export [place]')
    .description(
      'write the evidence of a period into a folder, for an auditor: the records whole, signed checkpoints, counts, a ' +
        'sample with proofs, how the archive holds them, and one command that checks it',
    )
    .requiredOption('--from <time>', 'from this time on, such as 2026-10-01')
    .requiredOption('--to <time>', 'before this time')
    .option('--out <folder>', 'a new folder (default: lelu-evidence-FROM-TO)')
    .option('--sample <count>', 'so many decisions are drawn', wholeNumber(0, 10_000), 25)
    .option('--policy <file>', 'whose signatures count (default: the first key of the log)')
    .option('--endpoint <url>', 'as for verify')
    .option('--log <name>', 'as for verify')
    .action(async (place, options) =>
      (await import('../audit/export-evidence.ts')).exportEvidencePack(context, place, options),
    )

  group
    .command('rotate-key')
    .description(
      'sign with a new key from now on, introduced by the old one; both sign for 24 hours',
    )
    .option('--post-quantum', 'also with ML-DSA-44 (Node 24)')
    .action(async (options) => (await import('../audit/rotate-key.ts')).rotateKey(context, options))

  group
    .command('forward')
    .description(
      'send records on as they are sealed, each at least once, until Ctrl-C. Headers are read from ' +
        'OTEL_EXPORTER_OTLP_HEADERS and LELU_OCSF_HEADERS',
    )
    .option(
      '--otlp [url]',
      'to an OpenTelemetry collector (OTEL_EXPORTER_OTLP_ENDPOINT); /v1/logs where the URL has no path',
    )
    .option(
      '--ocsf <place>',
      'as OCSF events, one a line: to a file, a URL, or - for standard output',
    )
    .option('--once', 'end when all that is sealed has been sent; exit code 1 when it could not be')
    .option('--from-start', 'also what is there already; what was sent before is sent again')
    .option('--cursor <file>', 'where it is remembered what was sent (default: in forward/)')
    .action(async (options) =>
      (await import('../audit/forward-audit.ts')).forwardAudit(context, options),
    )

  group
    .command('erase <subject>')
    .description(
      'delete the keys of what was kept of a person (their inputs), and record that; the log stays as it is. ' +
        'Approvals in the store are not touched',
    )
    .requiredOption(
      '--reason <text>',
      'why, for the record that is kept for ever: no personal data',
      reason,
    )
    .option('--tenant <tenant>', 'whose person it is (default: default)')
    .option('--yes', 'do not ask')
    .action(async (subject, options) =>
      (await import('../audit/erase-subject.ts')).eraseSubject(context, subject, options),
    )
}
