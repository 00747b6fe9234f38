import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type FakeOpenAI = { url: string; requests: ChatRequest[]; close(): Promise<void> }

type ChatRequest = {
  model: string
  messages: { role: string; content: unknown }[]
  tools?: unknown[]
}

/** What the server answers to a conversation: a tool call, or text. */
export type Answer = { content: string } | { tool: string; input: Record<string, unknown> }

function messageOf(answer: Answer): Record<string, unknown> {
  if ('content' in answer) return { role: 'assistant', content: answer.content }
  const call = { name: answer.tool, arguments: JSON.stringify(answer.input) }
  return {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: call }],
  }
}

/** A chat completions endpoint on a free port of this machine, so that the real client is tried without a network. */
export async function startFakeOpenAI(
  answerTo: (request: ChatRequest) => Answer,
): Promise<FakeOpenAI> {
  const requests: ChatRequest[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as ChatRequest
    requests.push(body)
    const message = messageOf(answerTo(body))
    const finish_reason = 'tool_calls' in message ? 'tool_calls' : 'stop'
    const completion = {
      id: `chatcmpl-${requests.length}`,
      object: 'chat.completion',
      created: 0,
      model: body.model,
      choices: [{ index: 0, message, finish_reason }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completion))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}/v1`, requests, close }
}
