import type { IncomingMessage, ServerResponse } from 'node:http'
import { classifyInboundRequest } from '@modelcontextprotocol/server'
import { carriedBy } from '../eras/legacy-context.ts'
import { isListen, type ModernHandler, onlyReadable } from '../eras/modern-handler.ts'
import type { EraOptions } from '../eras/options.ts'
import { readBody } from './body.ts'
import { allowOrigin, answerPreflight } from './cors.ts'
import type { Guard } from './guard.ts'
import { answerJson, refuse } from './json-answer.ts'
import type { Known } from './known.ts'
import { answerMessage, messagesPath, openSse, type SseSessions } from './legacy-sse.ts'
import type { CheckedOptions } from './options.ts'
import { answerStreamable, type StreamableSessions, sessionHeader } from './streamable.ts'

export type Parts = {
  options: CheckedOptions
  era: EraOptions
  guard: Guard
  modern: ModernHandler
  streamable: StreamableSessions
  sse: SseSessions
}

/** Both eras and both transports answer at both addresses: clients are told one, and find out what it speaks. */
const endpoints: readonly string[] = ['/mcp', '/sse']

/** Answers one request. What can be refused by its head is refused before its body is read. */
export async function route(
  req: IncomingMessage,
  res: ServerResponse,
  parts: Parts,
): Promise<void> {
  const { guard, options } = parts
  res.setHeader('x-content-type-options', 'nosniff')
  const refusal = guard.refusal(req)
  if (refusal !== undefined) return refuse(res, 403, refusal)
  allowOrigin(res, guard.allowedOrigin(req))
  if (req.method === 'OPTIONS') return answerPreflight(req, res)

  const url = addressOf(req)
  if (url === undefined) return refuse(res, 400, 'The address of the request is not a path.')
  const path = url.pathname
  if (path === '/health') return answerOpen(req, res, { status: 'ok' })
  if (path === '/ready') return answerReady(req, res, options)
  const document = options.auth.documents.get(path)
  if (document !== undefined) return answerOpen(req, res, document)
  if (path !== messagesPath && !endpoints.includes(path)) return refuse(res, 404, 'Not found')

  const verdict = await options.auth.authenticate(req)
  if ('challenge' in verdict) {
    const { status, message, headers } = verdict.challenge
    return refuse(res, status, message, { headers: { ...headers } })
  }
  const { principal, expiresAt, revoked } = verdict
  const carrying = Object.assign(req, { auth: carriedBy(principal) })
  const known: Known = { req: carrying, principal, expiresAt, revoked }
  if (path === messagesPath) return answerPosted(known, res, url, parts)
  return answerEndpoint(known, res, path, parts)
}

/** Only a path and its query: an absolute form names a host of its own, beside the one that was checked. */
function addressOf({ url = '' }: IncomingMessage): URL | undefined {
  return url.startsWith('/') && !url.startsWith('//') ? new URL(url, 'http://local') : undefined
}

function answerOpen(req: IncomingMessage, res: ServerResponse, body: object): void {
  if (req.method === 'GET') answerJson(res, 200, body)
  else refuse(res, 405, 'Method not allowed.', { headers: { allow: 'GET' } })
}

async function answerReady(
  req: IncomingMessage,
  res: ServerResponse,
  { ready }: CheckedOptions,
): Promise<void> {
  if (req.method !== 'GET') return answerOpen(req, res, {})
  const isReady = await Promise.resolve()
    .then(ready)
    .catch(() => false)
  answerJson(res, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready' })
}

/**
 * A stream may not outlive the token it was opened with. A call may: it was permitted when it began and ends by itself, and
 * cut off it may have taken effect with nobody to hear of it.
 */
function endWith({ expiresAt, revoked }: Known, res: ServerResponse): void {
  const end = () => res.destroy()
  if (revoked?.aborted) end()
  revoked?.addEventListener('abort', end)
  res.once('close', () => revoked?.removeEventListener('abort', end))
  if (expiresAt === undefined) return
  const left = Math.min(Math.max(expiresAt - Date.now(), 0), 2 ** 31 - 1)
  const timer = setTimeout(end, left)
  timer.unref()
  res.once('close', () => clearTimeout(timer))
}

async function answerPosted(
  known: Known,
  res: ServerResponse,
  url: URL,
  { options, sse }: Parts,
): Promise<void> {
  const { req } = known
  if (req.method !== 'POST')
    return refuse(res, 405, 'Method not allowed.', { headers: { allow: 'POST' } })
  const body = await bodyOf(req, res, options)
  if (body === undefined) return
  await answerMessage(known, res, body.json, url.searchParams.get('sessionId'), sse)
}

async function answerEndpoint(
  known: Known,
  res: ServerResponse,
  path: string,
  parts: Parts,
): Promise<void> {
  const { options, era, streamable, sse, modern } = parts
  const { req, principal } = known
  switch (req.method) {
    case 'GET':
      endWith(known, res)
      if (path === '/sse' && req.headers[sessionHeader] === undefined)
        return openSse(known, res, sse, era)
      return answerStreamable(known, res, undefined, streamable, era)
    case 'DELETE':
      return answerStreamable(known, res, undefined, streamable, era)
    case 'POST': {
      const body = await bodyOf(req, res, options)
      if (body === undefined) return
      if (isLegacy(req, body.json)) return answerStreamable(known, res, body.json, streamable, era)
      if (isListen(body.json)) endWith(known, res)
      return modern.answer(req, res, await onlyReadable(body.json, era.surface, principal))
    }
    default:
      refuse(res, 405, 'Method not allowed.', { headers: { allow: 'GET, POST, DELETE' } })
  }
}

async function bodyOf(
  req: IncomingMessage,
  res: ServerResponse,
  { maxBodyBytes, bodyTimeoutMs }: CheckedOptions,
): Promise<{ json: unknown } | undefined> {
  const body = await readBody(req, { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs })
  if (body.ok) return body
  // The rest of the body may still be on its way: the connection cannot be used for another request.
  refuse(res, body.status, body.message, { code: body.code, headers: { connection: 'close' } })
  return undefined
}

/** Which era a message is in is the SDK's to tell. It needs the headers that name a revision, and the parsed body. */
function isLegacy({ headers }: IncomingMessage, body: unknown): boolean {
  const { kind } = classifyInboundRequest({
    httpMethod: 'POST',
    ...said('protocolVersionHeader', headers['mcp-protocol-version']),
    ...said('mcpMethodHeader', headers['mcp-method']),
    ...said('mcpNameHeader', headers['mcp-name']),
    body,
  })
  return kind === 'legacy'
}

function said<K extends string>(
  key: K,
  value: string | string[] | undefined,
): { [key in K]?: string } {
  return (typeof value === 'string' ? { [key]: value } : {}) as { [key in K]?: string }
}
