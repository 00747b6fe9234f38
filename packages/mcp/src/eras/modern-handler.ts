import type { IncomingMessage, ServerResponse } from 'node:http'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, type McpRequestContext } from '@modelcontextprotocol/server'
import type { Principal } from '../surface/principal.ts'
import type { McpTool, Surface, SurfaceChange } from '../surface/surface.ts'
import { toolNamed } from '../surface/tool-named.ts'
import { modernServer } from './modern.ts'
import type { EraOptions } from './options.ts'

/** Answers the requests of the modern era: each on its own, without sessions. */
export interface ModernHandler {
  /** `req.auth` must carry the principal (`carriedBy`); the body is parsed already. */
  answer(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void>
  /** Tells the open `subscriptions/listen` streams. */
  changed(change: SurfaceChange): void
  close(): Promise<void>
}

export function modernHandler(options: EraOptions): ModernHandler {
  const { log } = options
  const handler = createMcpHandler((context) => serverFor(options, context), {
    legacy: 'reject',
    // The text may quote what the client sent.
    onerror: ({ name }) => log('debug', 'A modern request was refused or failed.', { error: name }),
  })
  const { notify } = handler
  const answer = toNodeHandler(handler)
  return {
    // The types of the SDK want `method` to be there; of a request to a server it always is.
    answer: (req, res, body) => answer(req as NodeIncomingMessageLike, res, body),
    changed(change) {
      if (change.kind === 'resource') notify.resourceUpdated(change.uri)
      else notify[`${change.kind}Changed`]()
    },
    close: () => handler.close(),
  }
}

async function serverFor(options: EraOptions, { authInfo, requestInfo }: McpRequestContext) {
  const principal = authInfo?.extra?.principal as Principal | undefined
  // Fail closed: without a principal nothing can say what the caller may see.
  if (principal === undefined) throw new TypeError('a request without a principal')
  const headers = requestInfo?.headers
  const isCall = headers?.get('mcp-method') === 'tools/call'
  const tools = isCall
    ? await calledTools(options.surface, headers?.get('mcp-name'), principal)
    : []
  return modernServer(options, principal, tools)
}

/** The tool that a call names, so that a gateway of hundreds need not show them all; all of them where it cannot be told. */
async function calledTools(
  surface: Surface,
  name: string | null | undefined,
  principal: Principal,
): Promise<readonly McpTool[]> {
  // The SDK refuses a call whose body has another name than its header.
  const named = name ? await toolNamed(surface, name, principal) : undefined
  return named === undefined ? surface.tools(principal) : [named]
}

/** Whether a request opens a stream that has no end of its own. */
export function isListen(body: unknown): boolean {
  return (body as { method?: unknown } | null)?.method === 'subscriptions/listen'
}

const maxSubscriptions = 100

/**
 * Of a `subscriptions/listen` request, leaves only resources that the principal can read: that a resource changes tells
 * that it is there. Other requests come back as they are.
 */
export async function onlyReadable(
  body: unknown,
  surface: Surface,
  principal: Principal,
): Promise<unknown> {
  const { params } = (body ?? {}) as { params?: ListenParams }
  const wanted = params?.notifications?.resourceSubscriptions
  if (!isListen(body) || !Array.isArray(wanted)) return body
  const uris = wanted.filter((uri) => typeof uri === 'string').slice(0, maxSubscriptions)
  const readable = await Promise.all(uris.map((uri) => canRead(uri, surface, principal)))
  const resourceSubscriptions = uris.filter((_uri, index) => readable[index])
  const notifications = { ...params?.notifications, resourceSubscriptions }
  return { ...(body as object), params: { ...params, notifications } }
}

type ListenParams = { notifications?: { resourceSubscriptions?: unknown } }

async function canRead(uri: string, surface: Surface, principal: Principal): Promise<boolean> {
  try {
    return (await surface.read?.(uri, principal)) !== undefined
  } catch {
    return false
  }
}
