import type { CommandContext as BaseContext } from '@lelu/cli/terminal'

/** What a command needs to add itself. */
export type CommandContext = BaseContext & {
  /** The folder that the command runs in. */
  cwd: string
}
