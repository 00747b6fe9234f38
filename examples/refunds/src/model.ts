import type { LanguageModelV4 } from '@ai-sdk/provider'

/** `OPENAI_API_KEY` in the environment chooses the provider. */
export function modelKind(): 'scripted' | 'OpenAI' {
  return process.env.OPENAI_API_KEY ? 'OpenAI' : 'scripted'
}

/** The real model when there is a key (`OPENAI_BASE_URL` and `OPENAI_MODEL` are honoured), else the scripted one. */
export async function createModel(): Promise<LanguageModelV4> {
  if (modelKind() === 'scripted') {
    const { ScriptedModel } = await import('./scripted-model.ts')
    return new ScriptedModel()
  }
  const { createOpenAI } = await import('@ai-sdk/openai')
  return createOpenAI()(process.env.OPENAI_MODEL || 'gpt-5-mini')
}
