import type { Lelu } from '@lelu/engine'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Principal } from '../surface/principal.ts'

/** What `createPending` needs to tell clients of calls that wait, and to run those that are approved. */
export type PendingOptions = {
  lelu: { approvals: Pick<Lelu['approvals'], 'get' | 'cancel'> }
  /** Runs an approved call that is this principal's and answers its result; a call that ran already answers the kept one. */
  resume(
    approvalId: string,
    context: { principal: Principal; signal: AbortSignal },
  ): Promise<CallToolResult>
  /** Where a person looks at approvals, such as https://console.example/approvals/{id}. Default none: the text names `lelu approvals show <id>`. */
  consoleUrl?: string
}
