// What a command of Lelu is made of, for the other one (`lelu-mcp`): terminal, failures, text, the engine of a directory.
export { archiveFromEnvironment } from './archive.ts'
export { baseProgram, type ProgramNames } from './base-program.ts'
export type { CommandContext, Globals } from './command-context.ts'
export { CliError, type CliErrorCode, describeFailure, type Failure } from './fail.ts'
export type { Io } from './io.ts'
export { makeDirectory, removeEmpty } from './make-directory.ts'
export { withEngine } from './open-engine.ts'
export { collect, duration, wholeNumber } from './option-values.ts'
export {
  counted,
  type Paint,
  painter,
  safeJson,
  safeLines,
  safeText,
  table,
  writeJson,
} from './print.ts'
export { printFailure } from './print-failure.ts'
export { type ProcessIo, processIo } from './process-io.ts'
export { type Program, runProcess, runProgram } from './run-program.ts'
