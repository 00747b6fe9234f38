import { type DynamicToolUIPart, getToolName, type ToolUIPart } from 'ai'

type ToolPart = ToolUIPart | DynamicToolUIPart

const states: Record<ToolPart['state'], string> = {
  'input-streaming': 'Being written',
  'input-available': 'At work',
  'approval-requested': 'Waits for a reviewer. Nothing has been paid.',
  'approval-responded': 'Decided. Going on.',
  'output-available': 'Done',
  'output-error': 'Failed',
  'output-denied': 'Refused. Nothing has been paid.',
}

function titleOf(part: ToolPart): string {
  const { orderId = '', amount } = (part.input ?? {}) as { orderId?: string; amount?: number }
  return getToolName(part) === 'refund'
    ? `Refund of ${amount ?? ''} EUR, order ${orderId}`
    : `Look at order ${orderId}`
}

/** One tool call in the conversation. It has no buttons: whoever reads this is the customer. */
export function ToolCard({ part }: { part: ToolPart }) {
  return (
    <div className={`tool ${part.state}`}>
      <strong>{titleOf(part)}</strong>
      <span>{typeof part.output === 'string' ? part.output : states[part.state]}</span>
      {part.state === 'approval-requested' && (
        <a href="/review" target="_blank" rel="noopener">
          The reviewer’s page
        </a>
      )}
    </div>
  )
}
