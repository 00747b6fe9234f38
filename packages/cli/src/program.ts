import { Command } from 'commander'
import type { CommandContext } from './command-context.ts'
import { addApprovals } from './commands/approvals.ts'
import { addAudit } from './commands/audit.ts'
import { addDecide } from './commands/decide.ts'
import { addGrants } from './commands/grants.ts'
import { addInit } from './commands/init.ts'
import { addKillSwitch } from './commands/kill-switch.ts'
import { addNotifications } from './commands/notifications.ts'
import { addPolicy } from './commands/policy.ts'
import { addTokens } from './commands/tokens.ts'
import type { Io } from './io.ts'
import { version } from './version.ts'

const description = `Policy, approvals, tokens and audit log of AI agents' tool calls.

Exit codes: 0 done, 1 refused or failing, 2 misuse of the command line, 130 interrupted.`

/** The `lelu` command. It prints and reads through `io` alone, and throws instead of exiting. */
export function createProgram(io: Io): { program: Command; exitCode: () => number } {
  let code = 0
  const program = new Command('lelu')
    .description(description)
    .version(version, '-V, --version')
    .option(
      '-C, --directory <dir>',
      'where approvals, keys and the audit log are (LELU_DIRECTORY; default: .lelu)',
    )
    .option('--json', 'print one JSON document, errors (on standard error) too')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.write(text),
      // Help after a missing subcommand; with --json, runCli prints an error in its place.
      writeErr: (text) => {
        if (!program.opts<{ json?: boolean }>().json) io.writeError(text)
      },
      // The failure is printed once, by runCli.
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
  const context: CommandContext = {
    io,
    globals() {
      const { directory, json = false } = program.opts<{ directory?: string; json?: boolean }>()
      const given = directory ?? (io.env.LELU_DIRECTORY || undefined)
      return { directory: given ?? '.lelu', directoryGiven: given !== undefined, json }
    },
    setExitCode: (next) => {
      code = next
    },
  }
  addInit(program, context)
  addDecide(program, context)
  addPolicy(program, context)
  addApprovals(program, context)
  addGrants(program, context)
  addKillSwitch(program, context)
  addNotifications(program, context)
  addTokens(program, context)
  addAudit(program, context)
  return { program, exitCode: () => code }
}
