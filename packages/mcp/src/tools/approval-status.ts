import type { Approval } from '@lelu/engine'
import type { McpTool } from '../surface/surface.ts'
import { approvalSchema, approvalView } from './approval-view.ts'
import { looks } from './hints.ts'
import type { ToolParts } from './options.ts'
import { findApproval, maySee, owns } from './ownership.ts'
import { answering, done, noApproval } from './results.ts'
import { approvalId, object } from './schemas.ts'

/** Clients give up after 30 to 60 s, so no call is held longer than this. */
const maxWaitMs = 25_000
const stepMs = 5000
/** Waiting calls look into the store four times a second; more of them are answered at once. */
const mostWaiting = 64

/** `lelu_approval_status`: where an approval stands, at once or when it is decided. */
export function approvalStatusTool({ lelu, consoleUrl }: ToolParts): McpTool {
  let waiting = 0
  return {
    name: 'lelu_approval_status',
    title: 'See where an approval stands',
    description:
      'Tells where an approval stands. With wait_ms it waits until somebody decides, 25 seconds at most; ask again then.',
    inputSchema: object(
      {
        approval_id: approvalId,
        wait_ms: {
          type: 'integer',
          minimum: 0,
          maximum: maxWaitMs,
          description: 'How long to wait for a decision, in ms. Default 0.',
        },
      },
      ['approval_id'],
    ),
    outputSchema: approvalSchema,
    annotations: looks,
    call: (input, { principal, signal, progress }) =>
      answering(async () => {
        const { approval_id: id, wait_ms: wished = 0 } = input as {
          approval_id: string
          wait_ms?: number
        }
        let approval = await findApproval(lelu, id, principal, maySee)
        if (approval === undefined) return noApproval(id)
        const total = Math.min(wished, maxWaitMs)
        if (waiting >= mostWaiting) return answer(approval)
        waiting += 1
        try {
          const began = performance.now()
          for (;;) {
            const waited = performance.now() - began
            if (approval.state !== 'pending' || waited >= total) return answer(approval)
            await progress({
              progress: Math.round(waited),
              total,
              message: 'Nobody has decided yet.',
            })
            const timeoutMs = Math.min(stepMs, total - waited)
            approval = await lelu.approvals.wait(id, {
              tenant: principal.tenant,
              timeoutMs,
              signal,
            })
          }
        } finally {
          waiting -= 1
        }

        function answer(found: Approval) {
          const view = approvalView(found, principal, { consoleUrl })
          return done(
            view,
            `Approval ${id} is ${view.status}. ${nextStep(found, owns(principal, found))}`,
          )
        }
      }),
  }
}

function nextStep({ state }: Approval, own: boolean): string {
  if (state === 'pending') return 'Nobody has decided yet; it has not run.'
  if (state === 'approved')
    return own ? 'Call lelu_resume to go on with it.' : 'Its caller may go on with it.'
  if (state === 'executing') return 'It is running.'
  return state === 'completed' || state === 'failed' || state === 'unknown'
    ? 'It is not run again.'
    : 'It did not run. Do not retry the same call.'
}
