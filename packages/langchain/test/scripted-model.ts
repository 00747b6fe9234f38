import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage } from '@langchain/core/messages'
import type { ChatResult } from '@langchain/core/outputs'
import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import type { ScriptedCall } from '@lelu/testing'

/** A chat model that answers from a script in a folder, so that another process goes on with it. */
export class ScriptedModel extends BaseChatModel {
  readonly #file: string
  /** The tools as they were last shown, in the provider's JSON. */
  shown = ''

  constructor(folder: string) {
    super({})
    this.#file = join(folder, 'script.json')
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

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    // What it said since the user spoke last tells how far it is.
    const asked = messages.findLastIndex((message) => message.getType() === 'human')
    const said = messages.slice(asked).filter((message) => message.getType() === 'ai').length
    const steps = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as ScriptedCall[][])
      : []
    const step = steps[said]
    const message =
      step === undefined
        ? new AIMessage('Finished.')
        : new AIMessage({
            content: '',
            tool_calls: step.map(({ id, tool, input }) => ({
              id,
              name: tool,
              args: structuredClone(input) as Record<string, unknown>,
            })),
          })
    return { generations: [{ message, text: message.text }] }
  }
}
