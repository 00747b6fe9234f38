import type { Json } from '@lelu/engine'
import type {
  CallToolResult,
  GetPromptResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
  ToolAnnotations,
} from '@modelcontextprotocol/server'
import type { Asked, CallContext, TaskKeeper, ToolAnswer } from './call.ts'
import type { Principal } from './principal.ts'

/** A JSON Schema. Of a tool's input always one of an object. */
export type JsonSchema = { [key: string]: Json }

/** One tool, in words that hold for both eras of the protocol. */
export type McpTool = {
  name: string
  title?: string
  description: string
  inputSchema: JsonSchema
  /** What `structuredContent` of its results passes. */
  outputSchema?: JsonSchema
  annotations?: ToolAnnotations
  meta?: Readonly<Record<string, unknown>>
  /** Called with input that passed `inputSchema`. Throws only for a defect: what the model should read is a result. */
  call(input: { [key: string]: Json }, context: CallContext): Promise<ToolAnswer>
}

/** One resource as a list shows it. `Surface.read` answers what is in it. */
export type McpResource = Pick<Resource, 'uri' | 'name' | 'title' | 'description' | 'mimeType'>
/** Resources of one kind, by a URI template (RFC 6570). */
export type McpResourceTemplate = Pick<
  ResourceTemplateType,
  'uriTemplate' | 'name' | 'title' | 'description' | 'mimeType'
> & {
  /** Completes one variable of the template. */
  complete?(variable: string, value: string, principal: Principal): Promise<readonly string[]>
}

/**
 * One prompt. `get` makes its messages, or asks the person at the client for what it needs (then it is called again).
 * `values` are the client's words; the required ones are there.
 */
export type McpPrompt = Pick<Prompt, 'name' | 'title' | 'description' | 'arguments'> & {
  get(
    values: Readonly<Record<string, string>>,
    principal: Principal,
    context: CallContext,
  ): Promise<GetPromptResult | Asked>
  complete?(argument: string, value: string, principal: Principal): Promise<readonly string[]>
}

/** What changed: which list, or one resource. */
export type SurfaceChange =
  | { kind: 'tools' | 'prompts' | 'resources' }
  | { kind: 'resource'; uri: string }

/**
 * Everything a server shows, apart from how it is served. The lists are asked for again for every principal, in the
 * order in which they are shown; what a principal may not use is not among them, and calling it is "no such tool".
 */
export interface Surface {
  tools(principal: Principal): Promise<readonly McpTool[]> | readonly McpTool[]
  /** The one of `tools` with this name, for a surface that need not make all of them for it: every call asks for one. */
  tool?(name: string, principal: Principal): Promise<McpTool | undefined> | McpTool | undefined
  /**
   * What a call is answered whose tool is not among `tools` now: one that was stopped, or whose server is away. Undefined:
   * no such tool.
   */
  absent?(name: string, principal: Principal): Promise<CallToolResult | undefined>
  resources?(principal: Principal): Promise<readonly McpResource[]> | readonly McpResource[]
  templates?(principal: Principal): readonly McpResourceTemplate[]
  /** Undefined: there is no such resource for this principal. */
  read?(uri: string, principal: Principal): Promise<ReadResourceResult | undefined>
  prompts?(principal: Principal): readonly McpPrompt[]
  tasks?: TaskKeeper
  /** Tells of changes until the answer is called. */
  onChange?(listener: (change: SurfaceChange) => void): () => void
}
