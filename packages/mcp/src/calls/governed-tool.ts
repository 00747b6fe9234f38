import type { Approval, Json, Lelu, Subject, ToolEffect } from '@lelu/engine'
import type { AdapterCall, AddedField, ConfidenceReader, GuardOptions } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { PinnedDefinition } from '../gateway/definition.ts'
import { strippedLine } from '../gateway/stripped-text.ts'
import type { CallContext, ToolAnswer } from '../surface/call.ts'
import { runOf } from './call-name.ts'
import type { AskingContext } from './held-calls.ts'

/** A tool of an upstream as a call needs it. */
export type GovernedTool = {
  server: string
  /** Where its server is: see `endpointOf`. */
  endpoint: string
  pinned: PinnedDefinition
  effect: ToolEffect
  /** Whether the annotations of its server are believed. */
  trusted: boolean
  /** What was added to its schema for the confidence. */
  field: AddedField | undefined
}

/** One call of it that may run now. */
export type PermittedCall = {
  tool: GovernedTool
  input: { [key: string]: Json }
  idempotencyKey: string
  context: AskingContext
}

export type CallParts = {
  lelu: Pick<Lelu, 'guard' | 'decide' | 'approvals' | 'audit' | 'policy'>
  pending: { answer(approval: Approval, context: CallContext): Promise<ToolAnswer> }
  confidence: ConfidenceReader | undefined
  mode: 'enforce' | 'shadow'
  repeatAfterMs: number
  now: () => number
  /** Throws a coded error unless the tool is there, and as it was pinned. */
  assertCallable(tool: GovernedTool): Promise<void>
  /** Throws a coded error unless the server of the tool answers. */
  assertReachable(tool: GovernedTool): Promise<void>
  /** Sends the call. */
  run(call: PermittedCall): Promise<CallToolResult>
}

/** The hints of the specification that are yes or no. A server writes them, so they prove nothing about it. */
const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']

/** What the policy sees of MCP, as `input.context.mcp`. What client and server say of themselves is their word. */
export function mcpContext(
  { endpoint, pinned, trusted }: GovernedTool,
  mode: CallParts['mode'],
  peer?: CallContext['peer'],
): { mcp: Json } {
  const { annotations = {} } = pinned.definition
  const said = Object.entries(annotations).filter(
    ([name, value]) => hints.includes(name) && typeof value === 'boolean',
  )
  return {
    mcp: {
      annotations: Object.fromEntries(said),
      trusted,
      definition: pinned.sha256,
      endpoint,
      mode,
      ...(peer !== undefined && {
        client: {
          name: strippedLine(peer.name),
          version: strippedLine(peer.version, 64),
          protocol: strippedLine(peer.protocol, 32),
        },
      }),
    },
  }
}

/** The call and its options in the words of the engine's kit. */
export function kitCall(
  { lelu, confidence, mode }: CallParts,
  tool: GovernedTool,
  given: { id: string; input: Json; reported: unknown; context: CallContext },
): { options: GuardOptions<CallContext>; call: AdapterCall<CallContext> } {
  const { context, id, input, reported } = given
  const { name, inputSchema } = tool.pinned.definition
  return {
    options: {
      lelu,
      subject: ({ principal }): Subject => principal.subject,
      tenant: ({ principal }) => principal.tenant,
      context: ({ peer }) => mcpContext(tool, mode, peer),
      effect: () => tool.effect,
      mode: 'suspend',
      ...(confidence !== undefined && { confidence }),
    },
    call: {
      context,
      id,
      run: runOf(context.principal),
      tool: name,
      server: tool.server,
      input,
      schema: inputSchema,
      evidence: () => ({
        call: { id, tool: name, input },
        ...(reported !== undefined && { reported }),
      }),
      signal: context.signal,
    },
  }
}
