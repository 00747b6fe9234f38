// What a server shows, and who asks
export type {
  Answers,
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
