import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'

/** A chat model that streams: it says something, calls `allowed`, and finishes when that is answered. */
export class SpeakingModel extends BaseChatModel {
  readonly #id: string
  readonly #words: string
  /** The tools as they were last shown. */
  shown: readonly unknown[] = []

  constructor(id: string, words: string) {
    super({})
    this.#id = id
    this.#words = words
  }

  override _llmType(): string {
    return 'speaking'
  }

  override bindTools(tools: unknown[]): this {
    this.shown = tools
    return this
  }

  #answer(messages: BaseMessage[]): AIMessageChunk {
    if (messages.at(-1)?.getType() === 'tool') return new AIMessageChunk('Finished.')
    const args = '{"amount":5}'
    const call = { type: 'tool_call_chunk' as const, id: this.#id, name: 'allowed', index: 0, args }
    return new AIMessageChunk({ content: this.#words, tool_call_chunks: [call] })
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this['ParsedCallOptions'],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const message = this.#answer(messages)
    const chunk = new ChatGenerationChunk({ text: message.text, message })
    yield chunk
    await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk })
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const message = this.#answer(messages)
    return { generations: [{ message, text: message.text }] }
  }
}
