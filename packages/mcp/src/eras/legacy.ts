import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  GetPromptRequestSchema,
  type JSONRPCMessage,
  LATEST_PROTOCOL_VERSION,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SUPPORTED_PROTOCOL_VERSIONS,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { FastMCPSession } from 'fastmcp'
import type { Principal } from '../surface/principal.ts'
import type { SurfaceChange } from '../surface/surface.ts'
import { callTool, failedCall, findTool } from './call-tool.ts'
import { capabilitiesOf } from './capabilities.ts'
import { askAndRepeat } from './legacy-ask.ts'
import { contextOf, type Extra, principalOf } from './legacy-context.ts'
import { legacyResult } from './legacy-result.ts'
import {
  complete,
  listedPrompts,
  listedResources,
  listedTemplates,
  listedTools,
  promptOf,
  readResource,
} from './listings.ts'
import type { EraOptions } from './options.ts'
import { isAsked } from './questions.ts'
import { asFault } from './rpc-fault.ts'

/** One connection of the legacy era: a session of fastmcp, whose requests the surface answers. */
export interface LegacySession {
  /** Connects the transport. The first request is handled at once: nothing waits for the session to be ready. */
  connect(transport: Transport): void
  /** Tells the client of a change, if it listens to such. */
  changed(change: SurfaceChange): void
  close(): Promise<void>
}

type Session = FastMCPSession<Record<string, unknown>>

/**
 * fastmcp's own handlers keep the lists of the moment the session began, drop titles and `_meta`, rewrite schemas and
 * answer errors with the text of what was thrown. So the session is fastmcp's (life cycle, log level, ping), and its
 * server gets handlers that answer from the surface, as the modern era does.
 */
export function legacySession(options: EraOptions, opener: Principal): LegacySession {
  const { surface, info, log } = options
  const session: Session = new FastMCPSession({
    ...info,
    logger: { debug: ignore, error: ignore, info: ignore, log: ignore, warn: ignore },
    ping: { enabled: false },
    roots: { enabled: false },
    prompts: [],
    resources: [],
    resourcesTemplates: [],
    tools: [],
  })
  const subscribed = new Set<string>()
  const spoken = { protocol: undefined as string | undefined }
  session.server.registerCapabilities(capabilitiesOf(surface, 'legacy'))
  answerRequests(session, options, opener, spoken)
  answerSubscriptions(session, options, opener, subscribed)

  return {
    connect(transport) {
      transport.onmessage = (message) => {
        spoken.protocol ??= negotiated(message)
      }
      // Not awaited: fastmcp waits here for the capabilities of the client, up to a second after the transport is ready.
      session.connect(transport).catch(() => log('warn', 'A session ended before it was ready.'))
    },
    changed(change) {
      if (change.kind === 'resource') {
        if (subscribed.has(change.uri))
          void notify(session, 'notifications/resources/updated', { uri: change.uri })
      } else void notify(session, `notifications/${change.kind}/list_changed`)
    },
    close: () => session.close(),
  }
}

const ignore = () => {}

async function notify(
  session: Session,
  method: `notifications/${string}`,
  params?: { uri: string },
): Promise<void> {
  try {
    await session.server.notification({ method, ...(params && { params }) } as never)
  } catch {
    // The client is gone, or has no stream open: it lists again when it comes back.
  }
}

/** The revision that `initialize` settles on; the SDK's server does not tell it. */
function negotiated(message: JSONRPCMessage): string | undefined {
  if (!('method' in message) || message.method !== 'initialize') return undefined
  const { protocolVersion: asked } = (message.params ?? {}) as { protocolVersion?: unknown }
  return typeof asked === 'string' && SUPPORTED_PROTOCOL_VERSIONS.includes(asked)
    ? asked
    : LATEST_PROTOCOL_VERSION
}

function answerRequests(
  session: Session,
  options: EraOptions,
  opener: Principal,
  spoken: { protocol: string | undefined },
): void {
  const { surface, log } = options
  const { server } = session
  const { resources, prompts, completions } = capabilitiesOf(surface, 'legacy')
  const guarded = async <T>(
    extra: Extra,
    answer: (principal: Principal) => T | Promise<T>,
  ): Promise<T> => {
    try {
      return await answer(principalOf(extra, opener))
    } catch (error) {
      throw asFault(error, log)
    }
  }

  server.setRequestHandler(ListToolsRequestSchema, (_request, extra) =>
    guarded(extra, async (principal) => listedTools(await surface.tools(principal), 'legacy')),
  )
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    guarded(extra, async (principal) => {
      const tool = await findTool(surface, params.name, principal)
      if ('absent' in tool) return tool.absent
      const context = contextOf(session, extra, principal, spoken.protocol)
      try {
        const answer = await askAndRepeat(context, extra, options.askMs, (context) =>
          callTool(tool, params.arguments, context, log),
        )
        return legacyResult(answer.result)
      } catch (error) {
        return failedCall(error, tool.name, 'legacy', log)
      }
    }),
  )
  if (resources !== undefined) {
    server.setRequestHandler(ListResourcesRequestSchema, (_request, extra) =>
      guarded(extra, (principal) => listedResources(surface, principal)),
    )
    server.setRequestHandler(ListResourceTemplatesRequestSchema, (_request, extra) =>
      guarded(extra, (principal) => listedTemplates(surface, principal)),
    )
    server.setRequestHandler(ReadResourceRequestSchema, ({ params }, extra) =>
      guarded(extra, (principal) => readResource(surface, params.uri, principal)),
    )
  }
  if (prompts !== undefined) {
    server.setRequestHandler(ListPromptsRequestSchema, (_request, extra) =>
      guarded(extra, (principal) => listedPrompts(surface, principal)),
    )
    server.setRequestHandler(GetPromptRequestSchema, ({ params }, extra) =>
      guarded(extra, async (principal) => {
        const values = params.arguments ?? {}
        const prompt = promptOf(surface, params.name, values, principal)
        const context = contextOf(session, extra, principal, spoken.protocol)
        const answer = await askAndRepeat(context, extra, options.askMs, async (context) => {
          const got = await prompt.get(values, principal, context)
          return isAsked(got) ? got : { kind: 'result' as const, result: got }
        })
        return answer.result
      }),
    )
  }
  if (completions !== undefined) {
    server.setRequestHandler(CompleteRequestSchema, ({ params }, extra) =>
      guarded(extra, (principal) => complete(surface, params.ref, params.argument, principal)),
    )
  }
}

/** Beyond this a client keeps memory of ours for nothing. */
const maxSubscriptions = 1000

/** Only what the principal can read can be subscribed to: that a resource changes tells that it is there. */
function answerSubscriptions(
  { server }: Session,
  { surface, log }: EraOptions,
  opener: Principal,
  subscribed: Set<string>,
): void {
  if (capabilitiesOf(surface, 'legacy').resources?.subscribe !== true) return
  server.setRequestHandler(SubscribeRequestSchema, async ({ params }, extra) => {
    try {
      await readResource(surface, params.uri, principalOf(extra, opener))
    } catch (error) {
      throw asFault(error, log)
    }
    if (subscribed.size < maxSubscriptions) subscribed.add(params.uri)
    return {}
  })
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed.delete(params.uri)
    return {}
  })
}
