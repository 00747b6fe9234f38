import type { UIMessage } from 'ai'

/** The conversation without questions to a reviewer: the customer went on instead of waiting. */
export function withdrawn(messages: readonly UIMessage[]): UIMessage[] {
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => {
      if (!('state' in part) || part.state !== 'approval-requested') return part
      const approval = { ...part.approval, approved: false as const }
      return { ...part, state: 'output-denied' as const, approval }
    }),
  }))
}
