import { createRequire } from 'node:module'

export type Sdk = typeof import('@openai/agents')

let imported: Promise<Sdk> | undefined

/** Loaded only when it is needed: the package is an optional peer. */
export function importedSdk(): Promise<Sdk> {
  imported ??= import('@openai/agents')
  return imported
}

/** The SDK has one more copy of itself, for apps in CommonJS. Neither knows the tools, agents and runs of the other. */
export function requiredSdk(): Sdk | undefined {
  try {
    return createRequire(import.meta.url)('@openai/agents') as Sdk
  } catch {
    return undefined
  }
}
