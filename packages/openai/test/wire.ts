/** One call of the scripted model. `arguments` is sent as it stands. */
export type WireCall = {
  id: string
  name: string
  arguments: string
  type?: 'function' | 'custom' | 'mcp'
}

/** One answer of the scripted model: calls, or text when there are none. */
export type WireAnswer = { calls?: WireCall[]; text?: string; logprobs?: unknown }

/** What the provider refuses, it refuses with 400. */
export class Refused extends Error {}
