import type { LanguageModelV4 } from '@ai-sdk/provider'
import { createAiGuard } from '@lelu/ai-sdk'
import { selfReport } from '@lelu/confidence'
import type { Lelu } from '@lelu/engine'
import { isStepCount, type ModelMessage, streamText } from 'ai'
import type { Shop } from './shop.ts'
import { createTools } from './tools.ts'

/** Which conversation, and whose: from the server's own session, never from a message. */
export type Session = { chat: string; customer: string }

const instructions = `You are the support agent of a shop. Look an order up before you refund anything.
Refund what the customer asks for with one call, then say in one sentence what came of it.`

/** The agent and its guard. */
export function createAgent(lelu: Lelu, shop: Shop, model: LanguageModelV4) {
  const guard = createAiGuard<Session | undefined>({
    lelu,
    run: ({ runtimeContext }) => sessionOf(runtimeContext).chat,
    subject: ({ runtimeContext }) => ({
      id: 'support-agent',
      type: 'agent',
      actingFor: { id: sessionOf(runtimeContext).customer, type: 'user' },
    }),
    confidence: selfReport(),
    effect: { find_order: 'read' },
    resource: ({ toolCall }) => orderOf(shop, toolCall.input),
  })

  return {
    guard,
    /**
     * One turn. The history it goes on with has been through `guard.settle`. `keep` is told what the turn has added
     * before the model is asked again, and at the end: so what has run is on record when the model then fails.
     */
    answer(messages: ModelMessage[], session: Session, keep: (added: ModelMessage[]) => void) {
      return streamText({
        model: guard.model(model),
        instructions,
        tools: guard.tools(createTools(shop, session.customer)), // Lelu decides every call, here
        toolApproval: guard.toolApproval(), // and this lets a call wait for a person
        runtimeContext: session,
        messages,
        stopWhen: isStepCount(8),
        prepareStep({ responseMessages }) {
          keep(responseMessages)
          return undefined
        },
        onEnd: ({ responseMessages }) => keep(responseMessages),
      })
    },
  }
}

export type Agent = ReturnType<typeof createAgent>

function sessionOf(session: Session | undefined): Session {
  if (session === undefined) throw new Error('A call without a session. No tool was run.')
  return session
}

/** What the policy is told about the order: from the database, not from the model. */
function orderOf(shop: Shop, input: unknown) {
  const { orderId } = input as { orderId: string }
  const order = shop.order(orderId)
  if (order === undefined) return undefined
  const { id, ...properties } = order
  return { type: 'order', id, properties }
}
