import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage } from '@langchain/core/messages'
import type { ChatResult } from '@langchain/core/outputs'
import { type Request, requests } from './requests.ts'

function answerTo(messages: BaseMessage[]): AIMessage {
  const last = messages.at(-1)
  if (last?.getType() === 'tool') return new AIMessage(`I was told: ${last.text}`)
  const request = Object.values<Request>(requests).find(({ text }) => text === last?.text)
  if (request === undefined) return new AIMessage('My script has no answer to that.')
  // Like many models, it names its first call of every answer the same.
  const call = { ...request.call, id: 'call_0', type: 'tool_call' as const }
  return new AIMessage({ content: '', tool_calls: [call] })
}

/** A chat model that needs no key and no network: it knows the story, and repeats what it is told. */
export class ScriptedModel extends BaseChatModel {
  constructor() {
    super({})
  }

  override _llmType(): string {
    return 'scripted'
  }

  /** The script knows its tools. */
  override bindTools(): this {
    return this
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const message = answerTo(messages)
    return { generations: [{ text: message.text, message }] }
  }
}
