import type { McpTool } from '../surface/surface.ts'
import { runs } from './hints.ts'
import type { ToolParts } from './options.ts'
import { answering } from './results.ts'
import { digest, reviewSchema, type Vote, vote } from './review.ts'
import { approvalId, object, reason } from './schemas.ts'

/** `lelu_approve`: for a person who may decide, never for the caller of the call. */
export function approveTool(parts: ToolParts): McpTool {
  return {
    name: 'lelu_approve',
    title: 'Approve a call',
    description:
      'Approves a call in the name of the person behind this connection. Show that person the whole call first, and pass the digest of the input that was shown.',
    // Required: what was looked at is what is approved.
    inputSchema: object({ approval_id: approvalId, digest, reason }, ['approval_id', 'digest']),
    outputSchema: reviewSchema,
    annotations: runs,
    call: (input, { principal }) =>
      answering(() => vote(parts, 'approve', input as Vote, principal)),
  }
}
