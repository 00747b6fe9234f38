import { type Approval, LeluError, refusal } from '@lelu/engine'
import { pendingText } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { JsonSchema } from '../surface/surface.ts'
import { decisionWord, object, text, textOrNull } from '../tools/schemas.ts'

/** Milliseconds until it is worth asking again: a person decides, so sooner is no use. */
export const retryAfterMs = 5000

/** What `structuredContent` of a call that waits for a person holds. */
export const pendingSchema: JsonSchema = object(
  {
    decision: decisionWord,
    approval_id: text('Names the approval; it is no permission.'),
    status: text('`pending` until somebody decides.'),
    url: textOrNull('Where a person decides, if there is a console.'),
    expires_at: text('Until when somebody may decide (ISO 8601).'),
    retry_after_ms: { type: 'integer', description: 'Ask again after so many milliseconds.' },
  },
  ['decision', 'approval_id', 'status', 'url', 'expires_at', 'retry_after_ms'],
)

/**
 * The output schema of a tool that may answer that it waits: what it promised, or that. Clients hold every result
 * against the schema they were shown, and would throw a pending one away.
 */
export function withPending(outputSchema: JsonSchema): JsonSchema {
  return { type: 'object', anyOf: [outputSchema, pendingSchema] }
}

/** The address for one approval: it carries the id alone, and the console asks who opens it. */
export function consoleLink(consoleUrl: string | undefined, id: string): string | null {
  return consoleUrl?.replaceAll('{id}', encodeURIComponent(id)) ?? null
}

/** Throws `LELU_OPTIONS_INVALID` for an address that could not be opened, or that names no approval. */
export function checkConsoleUrl(consoleUrl: string | undefined): void {
  if (consoleUrl === undefined) return
  const link = consoleLink(consoleUrl, 'id')
  const scheme = link !== null && URL.canParse(link) ? new URL(link).protocol : ''
  if (consoleUrl.includes('{id}') && ['https:', 'http:'].includes(scheme)) return
  throw new LeluError(
    'LELU_OPTIONS_INVALID',
    'The option `consoleUrl` is no address of approvals.',
    {
      help: 'Pass one with `{id}` in it, such as https://console.example/approvals/{id}.',
    },
  )
}

/** Where a person decides: the console, or the command. */
export function whereToDecide(
  approval: Pick<Approval, 'id'>,
  consoleUrl: string | undefined,
): string {
  const link = consoleLink(consoleUrl, approval.id)
  return link === null
    ? `A person decides it with \`lelu approvals show ${approval.id}\`.`
    : `A person decides it at ${link}`
}

/** The fast answer to a client that can neither take a task nor show a link. Not an error: waiting is not failing. */
export function pendingResult(approval: Approval, consoleUrl: string | undefined): CallToolResult {
  const { id, state, approveBy } = approval
  const next = 'Or ask lelu_approval_status, and call lelu_resume once it is approved.'
  const words = [pendingText(approval, 'tell-model'), next, whereToDecide(approval, consoleUrl)]
  return {
    content: [{ type: 'text', text: words.join(' ') }],
    structuredContent: {
      decision: 'require_approval',
      approval_id: id,
      status: state,
      url: consoleLink(consoleUrl, id),
      expires_at: new Date(approveBy).toISOString(),
      retry_after_ms: retryAfterMs,
    },
  }
}

/** Why a call has ended without running, in the words every adapter uses. */
export function endedText(approval: Approval): string {
  const { decision, state } = approval
  const reason = approval.reason ?? {
    id: `approval_${state}`,
    message: `The approval is ${state}`,
  }
  return refusal({ status: 'denied', decision: { ...decision, reasons: [reason] }, approval })
}
