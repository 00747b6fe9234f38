import { secondOpinions } from '@lelu/confidence'
import type { Lelu, Subject } from '@lelu/engine'
import { guardFunctions, type PendingCall } from '@lelu/openai'
import type {
  ChatCompletion,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type { Conversation } from './conversation.ts'
import { hitBy, soFar } from './facts.ts'
import type { Model } from './model.ts'
import type { Shop } from './shop.ts'
import { createTools } from './tools.ts'

/** The reviewer is somebody else: neither the agent nor who it acts for may approve its calls. */
const subject: Subject = {
  id: 'operations-agent',
  type: 'agent',
  actingFor: { id: 'operations-lead', type: 'user' },
}

export const systemPrompt = `You look after the orders of a shop. Before you delete, count with the same filter,
and pass what you found as \`expected\`. Call one tool at a time, then say in one sentence what came of it.`

export type Ended =
  | { status: 'answered' | 'nothing to do' }
  | { status: 'waits'; pending: PendingCall[] }

export type Agent = {
  /** Goes on from wherever the conversation stands. `tell` gets each message as it is stored. */
  goOn(tell: (message: ChatCompletionMessageParam) => void): Promise<Ended>
  /** What the user says next. A call that still waits is cancelled: the conversation has moved on. */
  hear(text: string): Promise<void>
}

type Parts = { lelu: Lelu; model: Model; shop: Shop; conversation: Conversation }

export function createAgent({ lelu, model, shop, conversation }: Parts): Agent {
  const { client } = model
  const second = { client, model: model.second }

  const guard = guardFunctions({
    lelu,
    tools: createTools(shop, conversation.run),
    run: conversation.run,
    subject,
    effect: { count_orders: 'read', list_orders: 'read' },
    // What the policy is told beside the call: counted by the application, never said by the model.
    resource: (call) => hitBy(shop, call.arguments),
    context: (call) => soFar(shop, conversation.run, call.history),
    confidence: secondOpinions({ models: [second], k: 2, tools: ['delete_orders'] }),
  })

  async function goOn(tell: (message: ChatCompletionMessageParam) => void): Promise<Ended> {
    let asked: { request?: ChatCompletionCreateParamsNonStreaming; completion?: ChatCompletion } =
      {}
    for (let turn = 0; turn < 12; turn += 1) {
      const { messages } = conversation
      const message = messages.findLast(({ role }) => role !== 'tool')
      if (message?.role === 'assistant') {
        if (!message.tool_calls?.length) {
          return { status: turn === 0 ? 'nothing to do' : 'answered' }
        }

        // The one line that puts Lelu in front of the tools. It also takes up what waited in an earlier process.
        const step = await guard.executeToolCalls(message, { messages, ...asked })

        conversation.store([...messages, ...step.messages])
        for (const answer of step.messages) tell(answer)
        if (!step.ready) return { status: 'waits', pending: step.pending }
      }
      const request = {
        model: model.name,
        messages: [...conversation.messages],
        tools: guard.tools,
      }
      const completion = await client.chat.completions.create(request)
      asked = { request, completion }
      const [choice] = completion.choices
      if (choice === undefined) throw new Error('The model gave no answer.')
      conversation.store([...conversation.messages, choice.message])
      tell(choice.message)
    }
    throw new Error('The model has called tools for 12 turns without an answer.')
  }

  return {
    goOn,
    async hear(text) {
      const messages = [...conversation.messages, { role: 'user', content: text } as const]
      conversation.store(await guard.cancelAbandoned(messages))
    },
  }
}
