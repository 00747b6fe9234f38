import type { BaseChatModel } from '@langchain/core/language_models/chat_models'

/** The real model when there is a key (`OPENAI_BASE_URL` and `OPENAI_MODEL` are honoured), else the scripted one. */
export async function createModel(): Promise<BaseChatModel> {
  if (!process.env.OPENAI_API_KEY) {
    const { ScriptedModel } = await import('./scripted-model.ts')
    return new ScriptedModel()
  }
  const { ChatOpenAI } = await import('@langchain/openai')
  const model = process.env.OPENAI_MODEL || 'gpt-5-mini'
  const baseURL = process.env.OPENAI_BASE_URL
  return new ChatOpenAI({ model, ...(baseURL && { configuration: { baseURL } }) })
}
