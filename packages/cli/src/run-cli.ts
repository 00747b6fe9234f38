import { CommanderError } from 'commander'
import { describeFailure, type Failure } from './fail.ts'
import type { Io } from './io.ts'
import { painter, safeJson, safeLines } from './print.ts'
import { createProgram } from './program.ts'

/** Runs one command line (without `node` and the script) and answers its exit code: 0 done, 1 refused or failing, 2 misuse. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const { program, exitCode } = createProgram(io)
  const asJson = argv.includes('--json') // parsing may fail before it reaches the flag
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode()
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0 // --help, --version
      // A command without its subcommand: its help has been shown instead of an error.
      if (error.code === 'commander.help' && !asJson) return 2
    }
    return printFailure(error, io, asJson)
  }
}

/** Prints a failure on standard error and answers its exit code. The stack is shown under LELU_DEBUG=1 only. */
export function printFailure(error: unknown, io: Io, asJson: boolean): number {
  const failure = describeFailure(error)
  const { exitCode, ...shown } = failure
  io.writeError(asJson ? `${safeJson({ error: shown }, 0)}\n` : failureText(failure, io))
  if (io.env.LELU_DEBUG === '1') io.writeError(`${safeLines(stackOf(error))}\n`)
  return exitCode
}

function failureText({ code, message, help }: Failure, io: Io): string {
  const paint = painter(io, 'stderr')
  const [first = '', ...more] = safeLines(message).split('\n')
  const lines = [
    paint('red', code),
    '',
    `  ${paint('red', '×')} ${first}`,
    ...more.map((line) => `    ${line}`),
    `  ${paint('cyan', 'help:')} ${safeLines(help).replaceAll('\n', '\n        ')}`,
  ]
  return `${lines.join('\n')}\n`
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
