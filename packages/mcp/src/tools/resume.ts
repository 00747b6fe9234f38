import type { Json } from '@lelu/engine'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { resumeApproved, unfinished } from '../pending/resume-approved.ts'
import { retryAfterMs } from '../pending/words.ts'
import type { ToolAnswer } from '../surface/call.ts'
import type { McpTool } from '../surface/surface.ts'
import { runs } from './hints.ts'
import type { ToolParts } from './options.ts'
import { permissionView, spentText } from './permission-view.ts'
import { answering, done } from './results.ts'
import { approvalId, object, text } from './schemas.ts'

const outputSchema = object(
  {
    status: text('`executed`, `permitted`, `spent`, `pending` or `running`.'),
    approval_id: approvalId,
    replayed: { type: 'boolean', description: 'The call ran earlier; this is its kept result.' },
    result: { description: 'With `executed`: the structured content of the tool, if it has any.' },
    input: { description: 'With `permitted`: the exact input to run the tool with, once.' },
    edited: { type: 'boolean', description: 'Whether a reviewer changed the input.' },
    retry_after_ms: { type: 'integer', description: 'Ask again after so many milliseconds.' },
  },
  ['status', 'approval_id'],
)

/** `lelu_resume`: goes on with an approved call of one's own. Its token is minted, checked and spent inside the engine. */
export function resumeTool({ lelu, executors }: ToolParts): McpTool {
  return {
    name: 'lelu_resume',
    title: 'Go on with an approved call',
    description:
      'Goes on with a call of yours that a person has approved. A tool of this gateway runs with the stored input, once, and its result is answered. For a call that you run yourself, the permission is answered, once.',
    inputSchema: object({ approval_id: approvalId }, ['approval_id']),
    outputSchema,
    annotations: runs,
    call: (input, { principal, signal }) =>
      answering(async () => {
        const { approval_id: id } = input as { approval_id: string }
        const caller = { principal, signal, spend: true }
        const resumed = await resumeApproved({ lelu, executors }, id, caller)
        switch (resumed.status) {
          case 'executed':
            return executed(id, resumed)
          case 'permitted': {
            const { view, text: words } = permissionView(resumed.approval)
            return done(view, words)
          }
          case 'spent':
            return done({ status: 'spent', approval_id: id }, spentText(id))
          case 'refused':
            return { kind: 'result', result: resumed.result }
          case 'unknown':
            return { kind: 'result', result: unfinished('unknown', id) }
          default: {
            const { content } = unfinished(resumed.status, id)
            const view = { status: resumed.status, approval_id: id, retry_after_ms: retryAfterMs }
            return { kind: 'result', result: { content, structuredContent: view } }
          }
        }
      }),
  }
}

/** The tool's own content, and its structured content one level down: it has another schema than this tool. */
function executed(
  id: string,
  { result, replayed }: { result: CallToolResult; replayed: boolean },
): ToolAnswer {
  const { content, isError, structuredContent: own } = result
  const structuredContent = {
    status: 'executed',
    approval_id: id,
    replayed,
    ...(own !== undefined && { result: own as Json }),
  }
  const failed = isError === true && { isError }
  return { kind: 'result', result: { content, structuredContent, ...failed } }
}
