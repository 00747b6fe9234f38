import { asSchema, type ModelMessage } from 'ai'
import type { AnyTool } from './tool-input.ts'

type Question = Parameters<Extract<AnyTool['needsApproval'], (...given: never[]) => unknown>>[1]

/** The context of a tool as its `needsApproval` gets it. Throws when it does not pass the schema that the tool has for it. */
export async function contextFor(
  { contextSchema, needsApproval }: AnyTool,
  context: unknown,
): Promise<unknown> {
  if (contextSchema === undefined || typeof needsApproval !== 'function') return context
  const parsed = await asSchema(contextSchema).validate?.(context)
  if (parsed?.success === false) throw parsed.error
  return parsed === undefined ? context : parsed.value
}

/**
 * Whether the tool itself wants to be asked about before this call (`needsApproval`). The SDK leaves that to the
 * setting `toolApproval` where there is one, so it must be asked for here, or it would be lifted.
 */
export async function asksItself(
  tool: AnyTool,
  input: unknown,
  question: Question,
): Promise<boolean> {
  const { needsApproval = false } = tool
  return typeof needsApproval === 'function'
    ? Reflect.apply(needsApproval, tool, [input, question])
    : needsApproval
}

/** What the SDK asks of a call, as far as a tool's own gate goes. */
type Asked = {
  toolCall: { toolCallId: string; toolName: string; input: unknown }
  tools: unknown
  messages: ModelMessage[]
  toolsContext: unknown
}

/** The model chose the name: it must not find what every object inherits. */
function ownMember(named: unknown, name: string): unknown {
  const members = (named ?? {}) as Record<string, unknown>
  return Object.hasOwn(members, name) ? members[name] : undefined
}

/** What the host passed for the tool of this call. */
export function contextOf({
  toolsContext,
  toolCall,
}: Pick<Asked, 'toolsContext' | 'toolCall'>): unknown {
  return ownMember(toolsContext, toolCall.toolName)
}

/** Whether a tool that runs elsewhere wants to be asked about: nobody decides it here, and its own gate stays in force. */
export async function isGated(asked: Asked): Promise<boolean> {
  const { toolCall, messages, tools } = asked
  const { toolCallId, toolName, input } = toolCall
  const tool = ownMember(tools, toolName) as AnyTool | undefined
  if (tool === undefined) return false
  const context = (await contextFor(tool, contextOf(asked))) as never
  return asksItself(tool, input, { toolCallId, messages, context })
}
