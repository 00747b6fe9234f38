import type { Json } from '@lelu/engine/adapter'
import type { LanguageModelMiddleware } from 'ai'

type WrapGenerate = NonNullable<LanguageModelMiddleware['wrapGenerate']>

/** The question as a provider gets it. */
export type ModelParams = Parameters<WrapGenerate>[0]['params']
export type ModelResult = Awaited<ReturnType<WrapGenerate>>
export type ModelCall = Extract<ModelResult['content'][number], { type: 'tool-call' }>

/** A model may call without arguments: the SDK takes no text for `{}`. */
export function parseInput(text: string): Json | undefined {
  try {
    return text.trim() === '' ? {} : (JSON.parse(text) as Json)
  } catch {
    return undefined
  }
}
