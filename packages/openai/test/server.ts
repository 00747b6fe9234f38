import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { lastWord } from '@lelu/testing/fakes'
import OpenAI from 'openai'
import { Refused, type WireAnswer } from './wire.ts'
import { chatChunks, chatCompletion, checkMessages } from './wire-chat.ts'
import { checkInput, responseEvents, responseObject } from './wire-responses.ts'

/** What the model answers to each request in turn, or how to make it. Where that throws, the provider is down. */
export type WireAnswers = readonly WireAnswer[] | ((request: number) => WireAnswer)

export type Wire = {
  client: OpenAI
  /** Bodies of the requests, as the provider read them. */
  requests: Record<string, unknown>[]
  close(): Promise<void>
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += chunk
  return JSON.parse(text)
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function sendEvents(response: ServerResponse, events: { event?: string; data: unknown }[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const { event, data } of events) {
    if (event !== undefined) response.write(`event: ${event}\n`)
    response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  }
  response.end()
}

/** An error in OpenAI's own shape. */
function sendError(response: ServerResponse, status: number, type: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  sendJson(response, status, { error: { message, type, param: null, code: null } })
}

/** A loopback server that speaks OpenAI's wire format, and refuses what OpenAI refuses: a call without its answer. */
export async function startWire(answers: WireAnswers): Promise<Wire> {
  const made = typeof answers === 'function' ? answers : (request: number) => answers[request]
  const requests: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    try {
      const body = await bodyOf(request)
      const isChat = request.url === '/v1/chat/completions'
      if (isChat) checkMessages(body.messages)
      else checkInput(body.input)
      const count = requests.push(body)
      const answer = made(count - 1) ?? { text: lastWord }
      if (isChat) {
        if (body.stream === true) sendEvents(response, chatChunks(answer, count))
        else sendJson(response, 200, chatCompletion(answer, count))
      } else {
        const object = responseObject(answer, count, body)
        if (body.stream === true) sendEvents(response, responseEvents(object))
        else sendJson(response, 200, object)
      }
    } catch (error) {
      if (error instanceof Refused) sendError(response, 400, 'invalid_request_error', error)
      else sendError(response, 500, 'server_error', error)
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: `http://127.0.0.1:${port}/v1`,
    maxRetries: 0,
  })
  return {
    client,
    requests,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
