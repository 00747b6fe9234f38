import { type Io, runProgram } from '@lelu/cli/terminal'
import { createProgram } from './program.ts'

/** Runs one command line of `lelu-mcp` (without `node` and the script) in a folder, and answers its exit code. */
export function runMcp(argv: readonly string[], io: Io, cwd: string): Promise<number> {
  return runProgram(createProgram(io, cwd), argv, io)
}
