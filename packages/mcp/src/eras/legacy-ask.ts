import { randomUUID } from 'node:crypto'
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { LeluMcpError } from '../errors.ts'
import type { Asked, CallContext, Question } from '../surface/call.ts'
import type { Extra } from './legacy-context.ts'
import { asRequest, assertAskable, sortReplies } from './questions.ts'

/** As many rounds of questions as the SDK allows a modern client. */
const maxRounds = 8

type Other = { kind: string }
type Done<A extends Other> = Extract<A, { kind: 'result' }>

/**
 * Runs a call of the legacy era to its result: its questions are put to the client as requests, on the stream of the
 * call itself, and the call is made again with the answers, as a modern client would. All questions together may take
 * `askMs`: what is not answered then counts as dismissed, and the call is never held longer for a person.
 */
export async function askAndRepeat<A extends Other>(
  first: CallContext,
  extra: Extra,
  askMs: number,
  call: (context: CallContext) => Promise<A | Asked>,
): Promise<Done<A>> {
  const deadline = AbortSignal.timeout(askMs)
  let context = first
  for (let round = 0; round < maxRounds; round += 1) {
    const answer = await call(context)
    if (answer.kind === 'result') return answer as Done<A>
    if (answer.kind !== 'ask') throw new TypeError('a task for a client that cannot follow one')
    const asked = answer as Asked
    assertAskable(asked, context.peer)
    const replies: [string, unknown][] = []
    for (const [name, question] of Object.entries(asked.questions))
      replies.push([name, await put(question, extra, deadline)])
    context = { ...first, answers: sortReplies(replies, asked.state) }
  }
  throw new LeluMcpError('LELU_MCP_QUESTIONS_ENDLESS', 'The tool did not stop asking.', {
    help: 'Whoever runs the server must look into it.',
  })
}

/** The answer to one question; `cancel` where there is none in time, or the client fails at it. */
async function put(question: Question, extra: Extra, deadline: AbortSignal): Promise<unknown> {
  const signal = AbortSignal.any([deadline, extra.signal])
  // The SDK's own limit of a request (60 s by default) stays out of the way of the signal's.
  const options = { signal, timeout: 2 ** 31 - 1 }
  try {
    switch (question.mode) {
      case 'form':
      case 'url': {
        const request = asRequest(question)
        if (question.mode === 'url')
          request.params = { ...request.params, elicitationId: randomUUID() } as never
        return await extra.sendRequest(request as never, ElicitResultSchema, options)
      }
      case 'sampling':
        return await extra.sendRequest(
          asRequest(question) as never,
          CreateMessageResultSchema,
          options,
        )
      case 'roots':
        return await extra.sendRequest(asRequest(question) as never, ListRootsResultSchema, options)
    }
  } catch {
    return { action: 'cancel' }
  }
}
