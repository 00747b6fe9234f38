import type { UseChatHelpers } from '@ai-sdk/react'
import { isToolUIPart, type UIMessage } from 'ai'
import { useEffect } from 'react'
import { loadChat } from './api.ts'
import { poll } from './poll.ts'

const everyMs = 1000

type Chat = Pick<
  UseChatHelpers<UIMessage>,
  'messages' | 'status' | 'setMessages' | 'clearError' | 'addToolApprovalResponse'
>

/** The calls at the end of a conversation that have no answer yet, and whether the page still asks about one. */
function openIn(messages: readonly UIMessage[]): { ids: string; asks: boolean } {
  const parts = messages.at(-1)?.parts.filter(isToolUIPart) ?? []
  const asked = parts.filter(({ state }) => state === 'approval-requested')
  const open = parts.filter((part) => asked.includes(part) || part.state === 'approval-responded')
  return { ids: open.map(({ toolCallId }) => toolCallId).join(' '), asks: asked.length > 0 }
}

/**
 * While calls wait for a reviewer, asks the server how they were decided; then says so in the page, which wakes the
 * conversation up. What the page says counts for nothing: the server reads the decision itself. Where another page of
 * the same conversation was first, shows what came of it.
 */
export function useDecisions(chat: Chat): void {
  const { messages, status, setMessages, clearError, addToolApprovalResponse: respond } = chat
  const { ids, asks } = openIn(messages)
  const waits = ids !== '' && status !== 'submitted' && status !== 'streaming'
  useEffect(() => {
    if (!waits) return
    let left = false
    const end = poll(everyMs, async () => {
      // A server that is starting again answers later.
      const now = await loadChat().catch(() => undefined)
      if (left || now === undefined || now.working) return
      if (openIn(now.messages).ids !== ids) {
        setMessages(now.messages)
        clearError()
      } else if (asks && now.decided.length > 0) {
        end()
        for (const one of now.decided) void respond(one)
      }
    })
    return () => {
      left = true
      end()
    }
  }, [waits, ids, asks, setMessages, clearError, respond])
}
