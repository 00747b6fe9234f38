import type { Approval, Json, Outcome } from '@lelu/engine'
import { permissionRun } from '../pending/permission.ts'
import type { McpTool } from '../surface/surface.ts'
import { type CallInput, toDecisionRequest } from './call-request.ts'
import { asks } from './hints.ts'
import type { ToolParts } from './options.ts'
import { permissionView, permittedText, spentText } from './permission-view.ts'
import { answering, done, refused } from './results.ts'
import {
  callProperties,
  decisionWord,
  object,
  reason,
  reasons,
  text,
  textOrNull,
} from './schemas.ts'
import { shownText } from './shown.ts'

const outputSchema = object(
  {
    decision: decisionWord,
    status: text('`permitted`, `denied`, `pending`, `approved` or `spent`.'),
    approval_id: textOrNull('The approval, where a person is needed.'),
    reasons,
    input: { description: 'With `permitted`: the exact input to run the tool with, once.' },
    edited: { type: 'boolean', description: 'Whether a reviewer changed the input.' },
    url: textOrNull('Where a person decides.'),
    expires_at: text('Until when somebody may decide (ISO 8601).'),
    retry_after_ms: { type: 'integer', description: 'Ask again after so many milliseconds.' },
  },
  ['decision', 'status'],
)

/**
 * `lelu_request_approval`: for calls that the caller's own host runs. It decides, and suspends the call where a person is
 * needed. What "runs" here is the handing out of the permission, once.
 */
export function requestApprovalTool({ lelu, executors, pending }: ToolParts): McpTool {
  return {
    name: 'lelu_request_approval',
    title: 'Ask for permission to call a tool',
    description:
      'Asks for permission to run a tool call that you run yourself. Answers at once: permitted, denied, or waiting for a person. The same idempotency_key with the same call finds the same approval. A permission is given once.',
    inputSchema: object(
      {
        ...callProperties,
        idempotency_key: text('Names this call; choose another one for every other call.', {
          minLength: 1,
          maxLength: 256,
        }),
        reason,
      },
      ['tool', 'input', 'idempotency_key'],
    ),
    outputSchema,
    annotations: asks,
    call: (input, context) =>
      answering(async () => {
        const asked = input as CallInput & { idempotency_key: string; reason?: string }
        const { server, idempotency_key: id, reason: why } = asked
        // What a model says of a gateway's tool (its effect, its input) is not what the gateway knows of it.
        if (server !== undefined && executors.of(server) !== undefined) {
          return refused(
            'LELU_TOOL_UNSUPPORTED',
            `The tools of ${shownText(server, 100)} are run by this gateway. Call the tool itself; it asks by itself. Nothing was run.`,
          )
        }
        const run = permissionRun(context.principal)
        const more = { id, run, ...(why !== undefined && { reason: why }) }
        const request = toDecisionRequest(asked, context.principal, more)
        const outcome = await lelu.guard(request, () => ({ permission: 'given' }))
        return outcome.status === 'suspended'
          ? pending.answer(outcome.approval, context)
          : ended(outcome, asked)
      }),
  }
}

function ended(
  outcome: Exclude<Outcome<unknown>, { status: 'suspended' }>,
  { tool, input }: CallInput,
) {
  const { decision, approval } = outcome
  const said = decision.reasons.map(({ message }) => shownText(message))
  if (outcome.status === 'denied') {
    const view = { decision: 'deny', status: 'denied', approval_id: approval?.id ?? null }
    return done({ ...view, reasons: said }, `Denied. ${said.join(' ')} Do not run the call.`)
  }
  if (approval === undefined) {
    const view = { decision: 'allow', status: 'permitted', approval_id: null, reasons: said }
    return done({ ...view, input, edited: false }, permittedText(tool, input, false))
  }
  return fromApproval(approval, outcome.replayed === true)
}

function fromApproval(approval: Approval, spent: boolean) {
  const decision: { [key: string]: Json } = { decision: 'require_approval' }
  if (spent) {
    return done({ ...decision, status: 'spent', approval_id: approval.id }, spentText(approval.id))
  }
  const { view, text: words } = permissionView(approval)
  return done({ ...decision, ...view }, words)
}
