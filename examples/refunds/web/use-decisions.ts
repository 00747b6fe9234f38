import { isToolUIPart, type UIMessage } from 'ai'
import { useEffect } from 'react'
import type { Decided } from '../src/decided.ts'
import { loadChat } from './api.ts'

const everyMs = 1000

function askedIn(messages: readonly UIMessage[]): string[] {
  const parts = messages.at(-1)?.parts ?? []
  return parts.flatMap((part) =>
    isToolUIPart(part) && part.state === 'approval-requested' ? [part.approval.id] : [],
  )
}

/**
 * While calls wait for a reviewer, asks the server how they were decided; then says so in the page, which wakes the
 * conversation up. What the page says counts for nothing: the server reads the decision itself.
 */
export function useDecisions(
  messages: readonly UIMessage[],
  respond: (decided: Decided) => unknown,
): void {
  const asked = askedIn(messages).join(' ')
  useEffect(() => {
    if (asked === '') return
    let left = false
    const timer = setInterval(async () => {
      // A server that is starting again answers later.
      const { decided } = (await loadChat().catch(() => undefined)) ?? { decided: [] }
      if (left || decided.length === 0) return
      clearInterval(timer)
      for (const one of decided) respond(one)
    }, everyMs)
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [asked, respond])
}
