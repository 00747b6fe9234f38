import type { UIMessage } from 'ai'
import type { Decided } from '../src/decided.ts'

/** `decided` is empty while a call still waits for a reviewer. `working`: another page has woken the agent up. */
export type ChatState = {
  messages: UIMessage[]
  waiting: number
  decided: Decided[]
  working: boolean
}

export type PendingReview = {
  id: string
  digest: string
  tool: string
  input: { orderId: string; amount: number }
  order: { item: string; price: number; refundable: number } | null
  customer: string | null
  /** Null where the agent said nothing. */
  confidence: number | null
  reasons: string[]
}

/** The oldest that wait, and whether there are more. */
export type Reviews = { approvals: PendingReview[]; more: boolean }

/** `amount` only when it is not the one that the agent asked for. */
export type Verdict = { verdict: 'approve' | 'deny'; reason?: string; amount?: number }

/** Asks the server. Throws what it says when it refuses. */
async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, init)
  const body = (await response.json()) as T & { error?: string }
  if (!response.ok) throw new Error(body.error ?? `The server answered ${response.status}.`)
  return body
}

export const loadChat = (): Promise<ChatState> => ask('/api/chat')

const withToken = (token: string) => ({ authorization: `Bearer ${token}` })

export const loadReviews = (token: string): Promise<Reviews> =>
  ask('/api/review', { headers: withToken(token) })

/** Answers how the call stands then: `pending` where more people must decide. */
export async function sendReview(
  token: string,
  { id, digest }: PendingReview,
  verdict: Verdict,
): Promise<string> {
  const { state } = await ask<{ state: string }>('/api/review', {
    method: 'POST',
    headers: { ...withToken(token), 'content-type': 'application/json' },
    body: JSON.stringify({ id, digest, ...verdict }),
  })
  return state
}
