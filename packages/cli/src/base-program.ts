import { Command, Help, type Option } from 'commander'
import type { CommandContext } from './command-context.ts'
import type { Io } from './io.ts'
import type { Program } from './run-program.ts'

/** How a command of Lelu is called. */
export type ProgramNames = { name: string; description: string; version: string }

/** As commander says it, and which options are needed and which may be given several times: it tells neither. */
function optionDescription(option: Option): string {
  if (Array.isArray(option.defaultValue)) return `${option.description}; may be given again`
  const said = new Help().optionDescription(option)
  return option.mandatory ? `${said} (required)` : said
}

/**
 * A command of Lelu before its own commands are added: what `lelu` and `lelu-mcp` have in common. It prints and reads
 * through `io` alone, and throws instead of exiting.
 */
export function baseProgram(
  { name, description, version }: ProgramNames,
  io: Io,
): Program & { context: CommandContext } {
  let code = 0
  const program = new Command(name)
    .description(
      `${description}\n\nExit codes: 0 done, 1 refused or failing, 2 misuse of the command line, 130 interrupted.`,
    )
    .version(version, '-V, --version')
    .option(
      '-C, --directory <dir>',
      'where approvals, keys and the audit log are (LELU_DIRECTORY; default: .lelu)',
    )
    .option('--json', 'print one JSON document, errors (on standard error) too')
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .configureOutput({
      writeOut: (text) => io.write(text),
      // Help after a missing subcommand; with --json, an error is printed in its place.
      writeErr: (text) => {
        if (!program.opts<{ json?: boolean }>().json) io.writeError(text)
      },
      // The failure is printed once, by whoever runs the program.
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
  return { program, context, exitCode: () => code }
}
