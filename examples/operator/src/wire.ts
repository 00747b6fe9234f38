import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

type Message = {
  role: string
  content?: unknown
  tool_calls?: { id: string }[]
  tool_call_id?: string
}

export type Question = { model: string; messages: Message[] }
export type Answer = { text: string } | { calls: { name: string; input: unknown }[] }

/** Calls that nobody has answered: with one in it, OpenAI takes no conversation. */
function openCalls(messages: Message[]): string[] {
  let open: string[] = []
  for (const { role, tool_calls = [], tool_call_id } of messages) {
    if (role === 'tool') open = open.filter((id) => id !== tool_call_id)
    else if (open.length > 0) break
    else open = tool_calls.map(({ id }) => id)
  }
  return open
}

function messageOf(answer: Answer) {
  const message = { role: 'assistant', content: null, refusal: null }
  if ('text' in answer) return { ...message, content: answer.text }
  // Like many models, it counts the calls of every answer from 0 again.
  const tool_calls = answer.calls.map(({ name, input }, index) => ({
    id: `call_${index}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }))
  return { ...message, tool_calls }
}

function completionOf(answer: Answer, { model }: Question) {
  const finish_reason = 'text' in answer ? 'stop' : 'tool_calls'
  return {
    id: 'chatcmpl-scripted',
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message: messageOf(answer), logprobs: null, finish_reason }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }
}

/** A server on this computer that speaks OpenAI's Chat Completions, so that the real client is used. */
export async function startWire(
  answerTo: (question: Question) => Answer,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const question = (await json(request)) as Question
    const open = openCalls(question.messages)
    const message = `tool_call_ids did not have response messages: ${open.join(', ')}`
    const body =
      open.length > 0
        ? { error: { message, type: 'invalid_request_error', param: 'messages', code: null } }
        : completionOf(answerTo(question), question)
    response.writeHead(open.length > 0 ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
