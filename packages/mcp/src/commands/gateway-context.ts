import type { Io } from '@lelu/cli'

/** What the commands of the gateway need of whoever runs them. */
export type GatewayContext = {
  io: Io
  /** The folder that the command runs in. */
  cwd: string
  globals(): { json: boolean }
  setExitCode(code: number): void
}
