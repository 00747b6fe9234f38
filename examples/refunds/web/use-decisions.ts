import { isToolUIPart, type UIMessage } from 'ai'
import { useEffect } from 'react'
import { loadChat } from './api.ts'

const everyMs = 1000

function askedIn(messages: readonly UIMessage[]): string[] {
  const parts = messages.at(-1)?.parts ?? []
  return parts.flatMap((part) =>
    isToolUIPart(part) && part.state === 'approval-requested' ? [part.approval.id] : [],
  )
}

/**
 * While calls wait for a reviewer, asks the server whether all are decided; then wakes the conversation up. The
 * `approved` is what useChat wants to hear, also when the reviewer has denied: the server reads the decision itself.
 */
export function useDecisions(
  messages: readonly UIMessage[],
  respond: (response: { id: string; approved: boolean }) => unknown,
): void {
  const asked = askedIn(messages).join(' ')
  useEffect(() => {
    if (asked === '') return
    let left = false
    const timer = setInterval(async () => {
      // A server that is starting again answers later.
      const state = await loadChat().catch(() => undefined)
      if (left || state?.decided !== true) return
      clearInterval(timer)
      for (const id of asked.split(' ')) respond({ id, approved: true })
    }, everyMs)
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [asked, respond])
}
