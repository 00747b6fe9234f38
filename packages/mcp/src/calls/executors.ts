import type { Execute } from '@lelu/engine'
import type { CallToolResult } from '@modelcontextprotocol/server'

/** Runs a tool where it is. Undefined: no such server behind this gateway. */
export interface Executors {
  of(server: string | undefined): Execute<CallToolResult> | undefined
  /** Throws a coded error while this server cannot be reached. Asked before an approval is spent on a call of it. */
  reach?(server: string): Promise<void>
}
