import type { Client, ElicitRequest, ElicitResult } from '@modelcontextprotocol/client'
import type { AskPerson } from '../calls/held-calls.ts'
import type { Question } from '../surface/call.ts'
import type { JsonSchema } from '../surface/surface.ts'
import { shownSchema } from './definition.ts'
import { strippedText } from './stripped-text.ts'

/** The calls that a connection carries right now, each with whom it may ask. */
const running = new WeakMap<Client, Set<AskPerson | undefined>>()

/** Runs a call so that questions of its server, outside of its result, find the person. */
export async function askingDuring<T>(
  client: Client,
  ask: AskPerson | undefined,
  call: () => Promise<T>,
): Promise<T> {
  const calls = running.get(client) ?? new Set()
  running.set(client, calls)
  // Its own function, so that two calls without one are two.
  const own: AskPerson = ask ?? (async () => ({}))
  calls.add(own)
  try {
    return await call()
  } finally {
    calls.delete(own)
  }
}

/** A question of a server as the person reads it: said to be the server's, with nothing hidden. Undefined: not to be asked. */
export function questionOf(server: string, params: ElicitRequest['params']): Question | undefined {
  const message = strippedText(`The server ${JSON.stringify(server)} asks: ${params.message}`, 2000)
  if (params.mode === 'url') {
    const url = new URL(URL.canParse(params.url) ? params.url : 'about:blank')
    const { protocol, hostname, href } = url
    const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
    const isSafe = protocol === 'https:' || (protocol === 'http:' && isLocal)
    // https://bank.example@evil.example leads to the second one.
    const isPlain = url.username === '' && url.password === ''
    // As it is parsed: what would repaint it stands as escapes.
    return isSafe && isPlain ? { mode: 'url', message, url: href } : undefined
  }
  const schema = shownSchema(params.requestedSchema as unknown as JsonSchema)
  return { mode: 'form', message, schema: schema as unknown as typeof params.requestedSchema }
}

/**
 * Answers the questions of a server of before 2026. They do not say which call they are of, so one is passed on only
 * while exactly one call runs: else a server could put the question of one person's call before another.
 */
export function forwardQuestions(server: string, client: Client): void {
  client.setRequestHandler('elicitation/create', async ({ params }): Promise<ElicitResult> => {
    const calls = [...(running.get(client) ?? [])]
    const [ask] = calls
    const question = questionOf(server, params)
    if (calls.length !== 1 || ask === undefined || question === undefined)
      return { action: 'cancel' }
    const { question: answer } = await ask({ question })
    return answer ?? { action: 'cancel' }
  })
}
