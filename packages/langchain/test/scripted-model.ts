import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'
import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import type { ScriptedCall } from '@lelu/testing'
import { argumentsText, fakeModel, lastWord } from '@lelu/testing/fakes'

type Steps = readonly (readonly ScriptedCall[])[]

export type ScriptedModelOptions = {
  /** Its provider answers nothing but errors. */
  down?: boolean | undefined
  /** A script of its own, in place of the one in the folder. */
  steps?: Steps
}

/** The pieces of an answer as a provider streams them: the text of a call's arguments comes in two halves. */
function piecesOf(step: readonly ScriptedCall[]): AIMessageChunk[] {
  if (step.length === 0) return [new AIMessageChunk(lastWord)]
  return step.flatMap((call, index) => {
    const [text, half] = [argumentsText(call), Math.ceil(argumentsText(call).length / 2)]
    const first = { id: call.id, name: call.tool, args: text.slice(0, half) }
    return [first, { args: text.slice(half) }].map(
      (piece) =>
        new AIMessageChunk({
          content: '',
          tool_call_chunks: [{ type: 'tool_call_chunk', index, ...piece }],
        }),
    )
  })
}

/** A chat model that answers from a script in a folder, so that another process goes on with it. */
export class ScriptedModel extends BaseChatModel {
  readonly #file: string
  readonly #options: ScriptedModelOptions
  /** The tools as they were last shown, in the provider's JSON. */
  shown = ''

  constructor(folder: string, options: ScriptedModelOptions = {}) {
    super({})
    this.#file = join(folder, 'script.json')
    this.#options = options
  }

  write(steps: readonly ScriptedCall[][]): void {
    writeFileSync(this.#file, JSON.stringify(steps))
  }

  override _llmType(): string {
    return 'scripted'
  }

  override bindTools(tools: unknown[]): this {
    this.shown = JSON.stringify(
      tools.map((tool) => convertToOpenAITool(tool as Parameters<typeof convertToOpenAITool>[0])),
    )
    return this
  }

  #written(): Steps {
    return existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Steps) : []
  }

  #next(messages: readonly BaseMessage[]): readonly ScriptedCall[] {
    // What it said since the user spoke last tells how far it is.
    const asked = messages.findLastIndex((message) => message.getType() === 'human')
    const said = messages.slice(asked).filter((message) => message.getType() === 'ai').length
    const { steps = this.#written(), down } = this.#options
    return fakeModel(steps, { down }).answer(said)
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const step = this.#next(messages)
    const message = new AIMessage({
      content: step.length === 0 ? lastWord : '',
      tool_calls: step.map((call) => ({
        id: call.id,
        name: call.tool,
        args: JSON.parse(argumentsText(call)),
      })),
    })
    return { generations: [{ message, text: message.text }] }
  }

  /** Asked by LangChain where somebody listens to the messages of a run. */
  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this['ParsedCallOptions'],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for (const message of piecesOf(this.#next(messages))) {
      const chunk = new ChatGenerationChunk({ text: message.text, message })
      yield chunk
      await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, {
        chunk,
      })
    }
  }
}
