import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { ofTenant } from '../option-values.ts'

const visible =
  'A token on the command line can be read by other users of this computer (ps): pass it as - on standard input.'

/** What has a tenant of its own may be named together with it. */
const named: readonly string[] = ['token', 'approval', 'grant']

function narrows(one: Option, other: Option): boolean {
  const [a, b] = [one.attributeName(), other.attributeName()]
  return (a === 'tenant' && named.includes(b)) || (b === 'tenant' && named.includes(a))
}

/** `lelu tokens introspect | revoke`. */
export function addTokens(program: Command, context: CommandContext): void {
  const group = program.command('tokens').description('look at tokens and revoke them')
  const load = () => import('../tokens/actions.ts')

  group
    .command('introspect <token>')
    .description(
      `tell whether a token could be redeemed now (RFC 7662); an inactive one is an answer, not a failure. ${visible}`,
    )
    .addOption(ofTenant())
    .option('--issuer <issuer>', 'the issuer of your engine, when it is not the default')
    .option('--audience <audience>', 'the audience of your engine, when it is not the default')
    .action(async (token, options) => (await load()).introspect(context, token, options))

  const targets = [
    new Option('--token <token>', 'one token; - reads it from standard input'),
    new Option('--approval <id>', 'an approved call that has not started'),
    new Option('--grant <id>', 'a standing grant'),
    new Option('--agent <id>', 'everything approved so far for an agent'),
    new Option('--user <id>', 'everything approved so far on behalf of a user'),
    new Option('--key <kid>', 'everything signed with a key, for good'),
    new Option(
      '--tenant <tenant>',
      'everything approved so far in a tenant; with --token, --approval or --grant: only if it is of this tenant',
    ),
    new Option('--all', 'everything approved so far'),
  ]
  const revoke = group
    .command('revoke')
    .description(
      `void tokens and approvals, from the next redeem on in every process. Name exactly one target. ${visible}`,
    )
  for (const target of targets) {
    const others = targets.filter((other) => other !== target && !narrows(target, other))
    revoke.addOption(target.conflicts(others.map((other) => other.attributeName())))
  }
  revoke
    .option('--reason <text>', 'why, for the record')
    .option('--issuer <issuer>', 'the issuer of your engine, when it is not the default')
    .option('--audience <audience>', 'the audience of your engine, when it is not the default')
    .action(async (options) => (await load()).revoke(context, options))
}
