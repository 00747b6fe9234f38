import type { IncomingMessage, ServerResponse } from 'node:http'
import { consumeStream, pipeUIMessageStreamToResponse } from 'ai'
import { z } from 'zod'
import type { Agent } from './agent.ts'
import type { Chats } from './chats.ts'
import { HttpError, readJson, sendJson } from './http.ts'
import { howItStands, type Said, takeTurn } from './turns.ts'

/** A real shop knows this from its login. */
const customer = 'customer-7'

// All that is read of a message. Tool parts, and what they say of approvals, are not among it.
const posted = z.object({
  message: z.object({
    id: z.string().min(1).max(100),
    role: z.string(),
    parts: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  }),
})

/** What the customer says; undefined for any other message: that only wakes the conversation up. */
function saidIn(body: unknown): Said | undefined {
  const { success, data } = posted.safeParse(body)
  if (!success) throw new HttpError(400, 'That is no message.')
  const { id, role, parts } = data.message
  if (role !== 'user') return undefined
  const text = parts.map((part) => part.text ?? '').join('')
  if (text.trim() === '') throw new HttpError(400, 'The message is empty.')
  return { id, text }
}

/** The routes of the customer's page. The id of the chat comes from the session cookie. */
export function chatRoutes(agent: Agent, chats: Chats) {
  const busy = new Set<string>()
  return {
    async show(response: ServerResponse, id: string): Promise<void> {
      const chat = chats.load(id)
      // While a turn is under way, nothing is waiting for the page to wake it up.
      const working = busy.has(id)
      const now = working
        ? { waiting: 0, decided: [] }
        : await howItStands(agent, chat, { chat: id, customer })
      sendJson(response, 200, { messages: chat.messages, ...now, working })
    },

    async say(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
      const said = saidIn(await readJson(request))
      if (busy.has(id)) throw new HttpError(409, 'The agent is still at work.')
      busy.add(id)
      const done = () => busy.delete(id)
      try {
        const turn = await takeTurn(agent, chats, { chat: id, customer }, said)
        if (turn.status === 'waiting') {
          throw new HttpError(409, 'A reviewer has not decided yet. Nothing was run.')
        }
        if (turn.status === 'idle') throw new HttpError(409, 'Nothing is left to do.')
        pipeUIMessageStreamToResponse({
          response,
          stream: turn.stream,
          // The turn goes on, and is kept, when the page is closed meanwhile.
          consumeSseStream: ({ stream }) => consumeStream({ stream }).finally(done),
        })
      } catch (error) {
        done()
        throw error
      }
    },
  }
}
