import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { collect } from '../option-values.ts'

/** `lelu policy check | test | fmt | explain`. */
export function addPolicy(program: Command, context: CommandContext): void {
  const group = program.command('policy').description('check, test, format and explain policies')

  group
    .command('check <dir>')
    .description('find every error and warning of a policy folder, its tests included')
    .option('--package <name>', 'the package that holds the rules', 'lelu.authz')
    .action(async (folder, options) =>
      (await import('../policy/check-policy.ts')).checkPolicy(context, folder, options),
    )

  group
    .command('test <dir>')
    .description('run the test_ rules of a policy folder; none at all is a failure')
    .option(
      '--run <pattern>',
      'only tests whose data.<package>.<name> matches this regular expression (RE2)',
    )
    .option('--coverage', 'also tell which lines no test reached')
    .action(async (folder, options) =>
      (await import('../policy/test-policy.ts')).testPolicy(context, folder, options),
    )

  group
    .command('fmt <paths...>')
    .description('list the Rego files that are not formatted (exit code 1 if any), or format them')
    .addOption(new Option('--check', 'only list them (the default)').conflicts('write'))
    .option('--write', 'rewrite them in place')
    .option('--upgrade', 'as Rego v1: turns v0 files into v1 and adds a missing package line')
    .action(async (paths, options) =>
      (await import('../policy/format-policy.ts')).formatPolicy(context, paths, options),
    )

  group
    .command('explain <dir>')
    .description('tell which rules decide a request, and how; nothing is recorded')
    .requiredOption('--input <file>', 'a DecisionRequest as JSON; - reads standard input')
    .option('--package <name>', 'the package that holds the rules', 'lelu.authz')
    .option('--obligation <type>', 'an obligation your host carries out', collect, [])
    .option('--trace', 'also print every step of the evaluation')
    .action(async (folder, options) =>
      (await import('../policy/explain-policy.ts')).explainPolicy(context, folder, options),
    )
}
