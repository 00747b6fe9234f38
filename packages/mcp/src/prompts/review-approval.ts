import { safeJson } from '@lelu/cli/terminal'
import { LeluError } from '@lelu/engine'
import { completeApproval } from '../resources/approvals.ts'
import type { McpPrompt } from '../surface/surface.ts'
import { approvalView } from '../tools/approval-view.ts'
import type { ToolParts } from '../tools/options.ts'
import { findApproval, maySee } from '../tools/ownership.ts'
import { shownText } from '../tools/shown.ts'
import { asked, quoted } from './quoted.ts'

/** `review-approval`: helps a person to look at a call that waits. It decides nothing. */
export function reviewApprovalPrompt(parts: ToolParts): McpPrompt {
  return {
    name: 'review-approval',
    title: 'Review an approval',
    description: 'Lays a call that waits for a person out for that person.',
    arguments: [{ name: 'approval_id', description: 'Id of the approval.', required: true }],
    async get(values, principal) {
      const id = Object.hasOwn(values, 'approval_id') ? String(values.approval_id) : ''
      const approval = await findApproval(parts.lelu, id, principal, maySee)
      if (approval === undefined) {
        const message = `There is no approval ${shownText(id, 60)} of yours.`
        const help = 'lelu_list_pending lists those that wait.'
        throw new LeluError('LELU_APPROVAL_NOT_FOUND', message, { help })
      }
      const view = approvalView(approval, principal, { consoleUrl: parts.consoleUrl })
      return asked(
        'Review a call that waits for a person',
        'Help me to review the call below. Say in plain words what it would do, to whom, and what could not be undone. Name what is unusual or unclear in its input, and what I should check elsewhere. Do not decide for me, and call no tool that decides unless I tell you my decision.',
        quoted('The approval', safeJson(view)),
      )
    },
    complete: async (argument, value, principal) =>
      argument === 'approval_id' ? completeApproval(parts, value, principal) : [],
  }
}
