import type { Io } from '@lelu/cli/terminal'

/** What the options before or after every command come to. */
export type Globals = {
  /** Holds the approvals, keys and audit log. */
  directory: string
  /** Whether the directory was named, by a flag or by LELU_DIRECTORY. */
  directoryGiven: boolean
  json: boolean
}

/** What a command needs to add itself. */
export type CommandContext = {
  io: Io
  /** The folder that the command runs in. */
  cwd: string
  globals(): Globals
  /** The exit code of a command that came to its end; 0 unless set. */
  setExitCode(code: number): void
}
