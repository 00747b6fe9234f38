import { type Command, CommanderError } from 'commander'
import { addHelp } from './add-help.ts'
import type { Io } from './io.ts'
import { printFailure } from './print-failure.ts'
import { processIo } from './process-io.ts'
import { refuseRepeats } from './refuse-repeats.ts'

/** A command that prints through an `Io` and throws instead of exiting, and the exit code it came to. */
export type Program = { program: Command; exitCode: () => number }

/** Runs one command line (without `node` and the script) and answers its exit code: 0 done, 1 refused or failing, 2 misuse. */
export async function runProgram(
  { program, exitCode }: Program,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const asJson = argv.includes('--json') // parsing may fail before it reaches the flag
  addHelp(program)
  refuseRepeats(program)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode()
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0 // --help, --version
      // A command without its subcommand: its help has been shown instead of an error.
      if (error.code === 'commander.help' && !asJson) return 2
    }
    return printFailure(error, io, asJson, program.name())
  }
}

/** Runs this process as a command: its arguments, its terminal, its exit code. */
export async function runProcess(
  command: string,
  run: (argv: readonly string[], io: Io) => Promise<number>,
): Promise<void> {
  const argv = process.argv.slice(2)
  const { io, exitCode } = processIo()
  process.on('uncaughtException', (error) => {
    process.exit(printFailure(error, io, argv.includes('--json'), command))
  })
  const code = await run(argv, io)
  // Set, not exit(): what is still in a pipe reaches its reader.
  process.exitCode = exitCode(code)
  process.once('exit', () => {
    process.exitCode = exitCode(code) // a full disk may show only now
  })
}
