import type { Io } from './io.ts'
import { createProgram } from './program.ts'
import { runProgram } from './run-program.ts'

/** Runs one command line of `lelu` (without `node` and the script) and answers its exit code: 0 done, 1 refused or failing, 2 misuse. */
export function runCli(argv: readonly string[], io: Io): Promise<number> {
  return runProgram(createProgram(io), argv, io)
}
