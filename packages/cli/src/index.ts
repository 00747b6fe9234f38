// The command, for hosts that bring their own terminal

// Errors
export { CliError, type CliErrorCode } from './fail.ts'
export type { Io } from './io.ts'
export { createProgram } from './program.ts'
export { runCli } from './run-cli.ts'
