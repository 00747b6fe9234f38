// What a server shows, and who asks
export type {
  Answers,
  Asked,
  CallContext,
  Peer,
  Question,
  Task,
  TaskKeeper,
  ToolAnswer,
} from './surface/call.ts'
export { hasScope, type Principal, type Scope } from './surface/principal.ts'
export type {
  JsonSchema,
  McpPrompt,
  McpResource,
  McpResourceTemplate,
  McpTool,
  Surface,
  SurfaceChange,
} from './surface/surface.ts'

// Serving it
export { type HttpServer, serveHttp } from './http/serve-http.ts'
export type { HttpOptions } from './http/options.ts'
export { serveStdio, type StdioOptions, type StdioServer } from './stdio/serve-stdio.ts'
export type { ServerInfo } from './eras/options.ts'
export type { Log } from './eras/log.ts'

// Who is behind a request
export type { Authenticator, Challenge, Verdict } from './auth/authenticator.ts'
export { localPrincipal, noAuth, type NoAuthOptions } from './auth/no-auth.ts'
export { oauth, type OAuthOptions } from './auth/oauth.ts'
export { tokenAuth } from './auth/token-auth.ts'
export { readTokenFile } from './auth/token-file.ts'

// Errors
export { LeluMcpError, type LeluMcpErrorCode } from './errors.ts'

// What Lelu shows, and the servers behind the gateway
export { openServer, type OpenServer, type OpenServerOptions } from './server/open-server.ts'
export { joinSurfaces } from './server/join-surfaces.ts'
export { leluSurface } from './tools/surface.ts'
export type { LeluSurfaceOptions, ToolEngine } from './tools/options.ts'
export type { PendingOptions } from './pending/options.ts'
export { createPending, type Pending } from './pending/pending.ts'
export {
  openGateway,
  type Gateway,
  type GatewayOptions,
  type UpstreamStatus,
} from './gateway/gateway.ts'
export {
  type GatewayConfig,
  parseGatewayConfig,
  readGatewayConfig,
  type ServerEntry,
} from './gateway/config.ts'
export type { Settings } from './gateway/settings.ts'
export type { Executors } from './calls/executors.ts'
