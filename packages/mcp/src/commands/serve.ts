import { collect, wholeNumber } from '@lelu/cli/terminal'
import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { ServeFlags } from '../server/serve-flags.ts'

/** `lelu-mcp serve`: Lelu's tools, and the servers of `lelu-mcp.json` behind the gateway. */
export function addServe(program: Command, context: CommandContext): void {
  const auth = new Option('--auth <how>', 'how callers say who they are')
    .choices(['none', 'token', 'oauth'])
    .default('none')
  program
    .command('serve')
    .description("serve Lelu's tools, and the servers of lelu-mcp.json behind the policy")
    .option('--stdio', 'serve the client that started this process, over its standard streams')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', '0 takes a free one', wholeNumber(0, 65_535), 3003)
    .option('--config <file>', 'the servers to govern (default: lelu-mcp.json, where it is there)')
    .option(
      '--policies <dir>',
      'your Rego files (default: those of the configuration, or policies)',
    )
    .addOption(auth)
    .option('--principals <file>', 'with --auth token: who sends which token')
    .option('--issuer <url>', 'with --auth oauth: the authorization server')
    .option('--jwks <url>', 'with --auth oauth: where its keys are')
    .option(
      '--resource <url>',
      'with --auth oauth: the address under which clients know this server',
    )
    .option(
      '--agent <id>',
      'without authentication: who the policy sees as the caller (default: local)',
    )
    .option('--tenant <tenant>', 'the tenant of the callers (default: default)')
    .option('--allow-host <name>', 'a further host name of this server', collect, [])
    .option('--allow-origin <origin>', 'a web page that may call', collect, [])
    .option('--console-url <url>', 'where people look at an approval, with {id} in it')
    .option('--shadow', 'decide and record the calls of servers, and run them whatever was decided')
    .option('--insecure', 'listen without authentication where others can reach it')
    .action(async (flags: ServeFlags) => (await import('../server/serve.ts')).serve(context, flags))
}
