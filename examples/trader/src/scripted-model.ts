import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage } from '@langchain/core/messages'
import type { ChatResult } from '@langchain/core/outputs'
import { scripts } from './script.ts'

function answerTo(messages: BaseMessage[]): AIMessage {
  const asked = messages.findLastIndex((message) => message.getType() === 'human')
  const script = scripts.find(({ says }) => says === messages[asked]?.text)
  if (script === undefined) {
    const known = scripts.map(({ says }) => `"${says}"`).join(' ')
    return new AIMessage(`My script has no answer to that. It knows: ${known}`)
  }
  const since = messages.slice(asked)
  const calls = script.answers[since.filter((message) => message.getType() === 'ai').length]
  if (calls === undefined)
    return new AIMessage(`That is all. My last answer: ${since.at(-1)?.text}`)
  return new AIMessage({
    content: '',
    // Like many models, it numbers the calls of every answer from 0.
    tool_calls: calls.map((call, at) => ({ ...call, id: `call_${at}`, type: 'tool_call' })),
  })
}

/** A chat model that needs no key and no network: it follows the script, and repeats what it is told. */
export class ScriptedModel extends BaseChatModel {
  constructor() {
    super({})
  }

  override _llmType(): string {
    return 'scripted'
  }

  /** The script knows its tools, and the field that the adapter adds to them. */
  override bindTools(): this {
    return this
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const message = answerTo(messages)
    return { generations: [{ text: message.text, message }] }
  }
}
