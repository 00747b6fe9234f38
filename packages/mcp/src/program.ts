import type { Io, Program } from '@lelu/cli/terminal'
import { Command } from 'commander'
import type { CommandContext } from './command-context.ts'
import { addAccept } from './commands/accept.ts'
import { addAdd } from './commands/add.ts'
import { addDoctor } from './commands/doctor.ts'
import { addImport } from './commands/import.ts'
import { addList } from './commands/list.ts'
import { addRemove } from './commands/remove.ts'
import { addServe } from './commands/serve.ts'
import { addWrap } from './commands/wrap.ts'
import { version } from './version.ts'

const description = `Lelu for the Model Context Protocol: a server, a gateway, and the entries that clients reach them by.

Exit codes: 0 done, 1 refused or failing, 2 misuse of the command line, 130 interrupted.`

/** The commands of \`lelu-mcp\`, in the order of its help. */
const commands: readonly ((program: Command, context: CommandContext) => void)[] = [
  addServe,
  addAdd,
  addRemove,
  addList,
  addDoctor,
  addImport,
  addWrap,
  addAccept,
]

/** The `lelu-mcp` command. It prints and reads through `io` alone, and throws instead of exiting. */
export function createProgram(io: Io, cwd: string): Program {
  let code = 0
  const program = new Command('lelu-mcp')
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
      // Help after a missing command; with --json, an error is printed in its place.
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
    cwd,
    globals() {
      const { directory, json = false } = program.opts<{ directory?: string; json?: boolean }>()
      const given = directory ?? (io.env.LELU_DIRECTORY || undefined)
      return { directory: given ?? '.lelu', directoryGiven: given !== undefined, json }
    },
    setExitCode: (next) => {
      code = next
    },
  }
  for (const add of commands) add(program, context)
  return { program, exitCode: () => code }
}
