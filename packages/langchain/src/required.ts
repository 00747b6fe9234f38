import { createRequire } from 'node:module'

type Copies = {
  '@langchain/core/messages': typeof import('@langchain/core/messages')
  '@langchain/core/tools': typeof import('@langchain/core/tools')
  '@langchain/langgraph': typeof import('@langchain/langgraph')
}

/**
 * A module as a project has it that loads LangChain with `require`: another copy of each class than ours. Undefined where
 * there is no `require`, as in a bundle.
 */
export function required<Name extends keyof Copies>(name: Name): Copies[Name] | undefined {
  try {
    return createRequire(import.meta.url)(name) as Copies[Name]
  } catch {
    return undefined
  }
}
