import type { Json } from '@lelu/engine'
import type {
  ElicitRequestURLParams,
  ElicitResult,
  InputRequest,
} from '@modelcontextprotocol/server'
import { LeluMcpError } from '../errors.ts'
import type { Answers, Asked, Peer, Question } from '../surface/call.ts'

/** A question as a request of the protocol: on its own in the legacy era, embedded in a result in the modern one. */
export function asRequest(question: Question): InputRequest {
  switch (question.mode) {
    case 'form': {
      const { message, schema } = question
      return {
        method: 'elicitation/create',
        params: { mode: 'form', message, requestedSchema: schema },
      }
    }
    case 'url': {
      const { message, url } = question
      // An elicitation has an id up to 2025-11-25 only; the SDK's type has it in both.
      const params = { mode: 'url', message, url } as ElicitRequestURLParams
      return { method: 'elicitation/create', params }
    }
    case 'sampling':
      return { method: 'sampling/createMessage', params: question.params }
    case 'roots':
      return { method: 'roots/list', params: {} }
  }
}

/** Throws `LELU_MCP_CLIENT_UNABLE`, with what the client would have to declare, for a question it cannot put to anybody. */
export function assertAskable({ questions }: Asked, peer: Peer): void {
  for (const { mode } of Object.values(questions)) {
    if (canAsk(peer, mode)) continue
    throw new LeluMcpError(
      'LELU_MCP_CLIENT_UNABLE',
      'This tool has to ask something that the client did not declare it can ask.',
      {
        help: 'Use a client that declares the capability.',
        details: { requiredCapabilities: needed[mode] },
      },
    )
  }
}

const needed = {
  form: { elicitation: { form: {} } },
  url: { elicitation: { url: {} } },
  sampling: { sampling: {} },
  roots: { roots: {} },
} satisfies Record<Question['mode'], object>

function canAsk(peer: Peer, mode: Question['mode']): boolean {
  if (mode === 'form' || mode === 'url') return peer.elicits[mode]
  return (mode === 'sampling' ? peer.samples : peer.roots) === true
}

/** What a client sent back, sorted: what has the shape of an elicitation's result, and the rest. */
export function sortReplies(replies: Iterable<readonly [string, unknown]>, state: Json): Answers {
  const results: Record<string, ElicitResult> = Object.create(null)
  const others: Record<string, Json> = Object.create(null)
  for (const [name, reply] of replies) {
    if (isElicitResult(reply)) results[name] = reply
    else others[name] = reply as Json
  }
  return { results, state, replies: others }
}

const actions: readonly unknown[] = ['accept', 'decline', 'cancel']

function isElicitResult(value: unknown): value is ElicitResult {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { action, content } = value as { action?: unknown; content?: unknown }
  const isForm = typeof content === 'object' && content !== null && !Array.isArray(content)
  return actions.includes(action) && (content === undefined || isForm)
}

/** Whether what a prompt answered are questions. */
export function isAsked(answer: object): answer is Asked {
  return (answer as { kind?: unknown }).kind === 'ask'
}
