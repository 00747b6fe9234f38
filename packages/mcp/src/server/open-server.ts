import { selfReport } from '@lelu/confidence'
import type { Lelu, PolicySource } from '@lelu/engine'
import type { GatewayConfig } from '../gateway/config.ts'
import { type Gateway, openGateway } from '../gateway/gateway.ts'
import { createPending } from '../pending/pending.ts'
import { createResume } from '../pending/resume-approved.ts'
import type { Surface } from '../surface/surface.ts'
import { leluSurface } from '../tools/surface.ts'
import { joinSurfaces } from './join-surfaces.ts'

/** What `openServer` puts together: an engine, and the servers behind it where there are any. */
export type OpenServerOptions = {
  lelu: Lelu
  /** The policy as it was loaded, shown as resources. */
  policies: PolicySource
  /** Servers to put behind the gateway. Default none. */
  config?: GatewayConfig
  /** Where a person looks at approvals, such as https://console.example/approvals/{id}. */
  consoleUrl?: string
  /** Hears what the operator should know, a line each. */
  notice: (text: string) => void
}

/** Lelu over MCP, ready to be served by `serveHttp` or `serveStdio`. `close` ends the gateway, not the engine. */
export interface OpenServer {
  readonly surface: Surface
  readonly gateway: Gateway | undefined
  close(): Promise<void>
}

/** Lelu's own tools, and the tools of the servers behind the gateway, over one engine. */
export async function openServer(options: OpenServerOptions): Promise<OpenServer> {
  const { lelu, policies, config, consoleUrl, notice } = options
  // The gateway tells of what waits, and what waits is resumed by the gateway: one of them has to be there first.
  let gateway: Gateway | undefined
  const executors = {
    of: (server: string | undefined) => gateway?.executors.of(server),
    reach: async (server: string) => gateway?.executors.reach?.(server),
  }
  const shownAt = consoleUrl !== undefined && { consoleUrl }
  const pending = createPending({ lelu, resume: createResume({ lelu, executors }), ...shownAt })
  const own = leluSurface({ lelu, executors, pending, policies, ...shownAt })
  if (config !== undefined) {
    const asks = config.settings.confidence !== undefined
    gateway = await openGateway({
      config,
      lelu,
      pending,
      notice,
      ...(asks && { confidence: selfReport() }),
    })
  }
  return {
    surface: gateway === undefined ? own : joinSurfaces(own, gateway.surface),
    gateway,
    close: async () => gateway?.close(),
  }
}
