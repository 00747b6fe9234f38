import type { Model } from '@openai/agents'

/** A model whose only answer is a call of the tool for each text. */
export function calling(name: string, texts: readonly string[]): Model {
  const call = (text: string, index: number) => ({
    type: 'function_call' as const,
    callId: `${index}`,
    name,
    arguments: text,
  })
  return {
    async getResponse() {
      const usage = { requests: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0 }
      return { usage: usage as never, output: texts.map(call) }
    },
    getStreamedResponse() {
      throw new TypeError('not streamed')
    },
  }
}
