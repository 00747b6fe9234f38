import type { McpTool } from '../surface/surface.ts'
import { ends } from './hints.ts'
import type { ToolParts } from './options.ts'
import { answering } from './results.ts'
import { digest, reviewSchema, type Vote, vote } from './review.ts'
import { approvalId, object, reason } from './schemas.ts'

/** `lelu_deny`: for a person who may decide, never for the caller of the call. */
export function denyTool(parts: ToolParts): McpTool {
  return {
    name: 'lelu_deny',
    title: 'Deny a call',
    description:
      'Denies a call in the name of the person behind this connection. Its caller reads the reason. This cannot be undone.',
    inputSchema: object({ approval_id: approvalId, digest, reason }, ['approval_id', 'reason']),
    outputSchema: reviewSchema,
    annotations: ends,
    call: (input, { principal }) => answering(() => vote(parts, 'deny', input as Vote, principal)),
  }
}
